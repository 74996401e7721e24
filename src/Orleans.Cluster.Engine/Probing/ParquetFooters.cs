using System.Buffers.Binary;
using System.Security.Cryptography;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Footers of Parquet files as they stand, without looking into them. Files with the same footer have the same schema and row
/// groups, so that one of them is read for all: links and copies cost a thousand times less than files that differ.
/// </summary>
internal static class ParquetFooters
{
    // Length of the footer and the magic word.
    private const int EndBytes = 8;

    // Holds the footer of most files, so that one read is enough.
    private const int TailBytes = 32 << 10;

    /// <summary>For each file, in order, the path of the first that has the same size and footer.</summary>
    /// <returns>
    /// Its own path for a file that does not end as a Parquet file does: the engine says what is wrong with it.
    /// </returns>
    public static string[] FindFirstAlike(IReadOnlyList<FileStamp> files, CancellationToken cancellationToken)
    {
        var prints = new string[files.Count];
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken,
        };
        try
        {
            Parallel.For(0, files.Count, parallel, i => prints[i] = TryPrint(files[i]) ?? files[i].Path);
        }
        catch (AggregateException e)
            when (e.InnerExceptions.FirstOrDefault(inner => inner is EngineException or IOException) is { } inner)
        {
            throw inner;
        }

        var firsts = new Dictionary<string, string>(StringComparer.Ordinal);
        return [.. prints.Select((print, i) => firsts.TryAdd(print, files[i].Path) ? files[i].Path : firsts[print])];
    }

    private static string? TryPrint(FileStamp file)
    {
        using var handle = SourceStreams.OpenFile(file.Path);
        var tail = Read(handle, file.Bytes, TailBytes);
        if (tail.Length < EndBytes || !tail.AsSpan(tail.Length - 4).SequenceEqual("PAR1"u8))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(tail.Length - EndBytes)) + (long)EndBytes;
        if (length > Math.Min(file.Bytes, int.MaxValue))
        {
            return null;
        }

        var footer = length <= tail.Length ? tail.AsSpan(tail.Length - (int)length) : Read(handle, file.Bytes, (int)length);
        return $"{file.Bytes}:{Convert.ToHexString(SHA256.HashData(footer))}";
    }

    private static byte[] Read(SourceBytes handle, long fileBytes, int bytes)
    {
        var buffer = new byte[Math.Min(fileBytes, bytes)];
        var offset = fileBytes - buffer.Length;
        var filled = 0;
        while (filled < buffer.Length && handle.Read(buffer.AsSpan(filled), offset + filled) is > 0 and var read)
        {
            filled += read;
        }

        // A file that was cut off meanwhile has no magic word at its end here.
        return buffer;
    }
}
