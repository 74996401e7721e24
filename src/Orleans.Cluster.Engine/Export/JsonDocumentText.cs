using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Export;

/// <summary>The JSON document of <c>/result</c>, put together from rows of one array a line.</summary>
internal static class JsonDocumentText
{
    private const int BufferBytes = 64 << 10;

    /// <summary>Writes a document. JSON text has line breaks nowhere but between rows, where a comma belongs.</summary>
    public static void Write(Stream target, IReadOnlyList<ColumnSchema> columns, Stream lines, long totalRows)
    {
        target.Write(Encoding.UTF8.GetBytes($"{{\"columns\":{JsonSerializer.Serialize(columns, WireJson.Options)},\"rows\":["));
        var buffer = new byte[BufferBytes];
        var left = lines.Length;
        while (left > 0)
        {
            var text = buffer.AsSpan(0, lines.Read(buffer));
            left -= text.Length;
            text = left == 0 ? text.TrimEnd((byte)'\n') : text;
            text.Replace((byte)'\n', (byte)',');
            target.Write(text);
        }

        target.Write(Encoding.UTF8.GetBytes($"],\"totalRows\":{totalRows}}}"));
    }
}
