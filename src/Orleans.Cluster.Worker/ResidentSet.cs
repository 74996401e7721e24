using System.Buffers.Text;
using System.Globalization;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Resident bytes of a process. The framework's own figure comes with those of all its threads, a file for each; here one line is
/// read.
/// </summary>
internal static class ResidentSet
{
    /// <summary>Bytes; null when the process is gone or the platform has no such line.</summary>
    public static long? Of(int process)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            using var file = File.OpenHandle(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/statm"));
            Span<byte> line = stackalloc byte[256];
            line = line[..RandomAccess.Read(file, line, 0)];

            // "size resident shared ...", in pages.
            var resident = line[(line.IndexOf((byte)' ') + 1)..];
            return Utf8Parser.TryParse(resident, out long pages, out _) ? pages * Environment.SystemPageSize : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It ended between the question and the look.
        }
    }
}
