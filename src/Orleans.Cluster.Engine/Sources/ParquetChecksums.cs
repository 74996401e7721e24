using System.Buffers;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Verifies the checksums of Parquet pages where they are written, since the engine does not: a flipped bit would else be another
/// value.
/// </summary>
internal static class ParquetChecksums
{
    private const int FirstHeaderBytes = 1 << 10;
    private const int MostHeaderBytes = 1 << 20;
    private const int BufferBytes = 256 << 10;

    /// <summary>Whether the page at an offset of a file has a checksum; a writer gives all of them one, or none.</summary>
    public static bool AreWritten(string path, long offset)
    {
        using var file = SourceStreams.OpenFile(path);
        return ReadHeader(file, offset, file.Length) is { Checksum: not null };
    }

    /// <summary>Verifies what a scan reads.</summary>
    /// <exception cref="EngineException">A page is not what was written.</exception>
    public static void Verify(ScanInput scan, CancellationToken cancellationToken)
    {
        var slices = scan.Slices.Where(slice => slice.File.HasPageChecksums).ToList();
        if (slices.Count == 0 || scan.UsedColumns is { Count: 0 })
        {
            return;
        }

        using var session = DuckDbSession.Open(
            SessionOptions.WithoutFiles with
            {
                Files = [.. slices.Select(slice => OpenSources.Name(slice.File.Stamp.Path)).Distinct()],
            });
        foreach (var slice in slices)
        {
            using var file = SourceStreams.OpenFile(slice.File.Stamp.Path);
            foreach (var chunk in ParquetChunk.List(session, scan, slice, slice.File.Stamp.Path, cancellationToken))
            {
                Verify(file, slice.File.Stamp.Path, chunk, cancellationToken);
            }
        }
    }

    private static void Verify(SourceBytes file, string path, ParquetChunk chunk, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var offset = chunk.Start; offset < chunk.End;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var header = ReadHeader(file, offset, chunk.End) ?? throw Broken(path, chunk, offset, "the page has no header");
                var (start, end) = (offset + header.HeaderBytes, offset + header.HeaderBytes + header.PageBytes);
                if (end > chunk.End)
                {
                    throw Broken(path, chunk, offset, "the page ends after its column");
                }

                if (header.Checksum is { } written && Sum(file, start, end, buffer) != written)
                {
                    throw Broken(path, chunk, offset, "the checksum of the page is another one than was written");
                }

                offset = end;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ParquetPageHeader? ReadHeader(SourceBytes file, long offset, long end)
    {
        for (var bytes = FirstHeaderBytes; ; bytes *= 16)
        {
            var start = new byte[Math.Max(0, Math.Min(bytes, end - offset))];
            var read = file.Read(start, offset);
            if (ParquetPageHeader.Read(start.AsSpan(0, read)) is { } header)
            {
                return header;
            }

            if (bytes >= MostHeaderBytes || read < bytes)
            {
                return null;
            }
        }
    }

    private static uint Sum(SourceBytes file, long start, long end, byte[] buffer)
    {
        uint sum = 0;
        while (start < end && file.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - start)), start) is > 0 and var read)
        {
            sum = Crc32.Append(sum, buffer.AsSpan(0, read));
            start += read;
        }

        return sum;
    }

    private static EngineException Broken(string path, ParquetChunk chunk, long offset, string what) => new(
        FailureKind.SourceUnavailable,
        $"{path} cannot be read: column '{chunk.Column}' of row group {chunk.RowGroup} is damaged at byte {offset}: {what}.",
        ProblemCode.DatasetNotReadable.Word);
}
