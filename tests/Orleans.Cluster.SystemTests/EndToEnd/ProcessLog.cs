using System.Text;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>Lines that processes print while a test reads them.</summary>
public sealed class ProcessLog
{
    private readonly StringBuilder lines = new();

    public void Append(string? line)
    {
        lock (lines)
        {
            lines.AppendLine(line);
        }
    }

    public override string ToString()
    {
        lock (lines)
        {
            return lines.ToString();
        }
    }
}
