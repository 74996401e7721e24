using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Verifies the checksums of Parquet pages where they are written, since the engine does not: a flipped bit would else be another value.
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
        return ReadHeader(file, offset, RandomAccess.GetLength(file)) is { Checksum: not null };
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

        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Files = [.. slices.Select(slice => OpenSources.Name(slice.File.Stamp.Path)).Distinct()] });
        foreach (var slice in slices)
        {
            using var file = SourceStreams.OpenFile(slice.File.Stamp.Path);
            foreach (var chunk in Chunks(session, scan, slice, cancellationToken))
            {
                Verify(file, slice.File.Stamp.Path, chunk, cancellationToken);
            }
        }
    }

    /// <summary>The pages of one column in one row group.</summary>
    private sealed record Chunk(string Column, long RowGroup, long Start, long End);

    private static List<Chunk> Chunks(DuckDbSession session, ScanInput scan, FileSlice slice, CancellationToken cancellationToken)
    {
        var chunks = new List<Chunk>();
        long group = -1, groupStart = 0, groupEnd = 0;
        session.Read(
            "SELECT row_group_id, row_group_num_rows, path_in_schema, CASE WHEN dictionary_page_offset BETWEEN 1 AND data_page_offset "
            + "THEN dictionary_page_offset ELSE data_page_offset END, total_compressed_size "
            + $"FROM parquet_metadata({OpenSources.Literal(slice.File.Stamp.Path)}) ORDER BY row_group_id, column_id",
            row =>
            {
                if (row.GetInt64(0) != group)
                {
                    (group, groupStart) = (row.GetInt64(0), groupEnd);
                    groupEnd = groupStart + row.GetInt64(1);
                }

                var isRead = slice.Unit != SliceUnit.Rows || (groupStart < slice.End && groupEnd > slice.Start);
                if (isRead && IsUsed(scan, row.GetString(2)))
                {
                    chunks.Add(new Chunk(row.GetString(2), group, row.GetInt64(3), row.GetInt64(3) + row.GetInt64(4)));
                }
            },
            cancellationToken);
        return chunks;
    }

    // A nested column has its fields behind its own name.
    private static bool IsUsed(ScanInput scan, string column) => scan.UsedColumns is not { } used
        || used.Any(name => column.StartsWith(name, StringComparison.OrdinalIgnoreCase)
            && (column.Length == name.Length || column[name.Length] is ',' or '.' || column.StartsWith(name + ", ", StringComparison.OrdinalIgnoreCase)));

    private static void Verify(SafeFileHandle file, string path, Chunk chunk, CancellationToken cancellationToken)
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
                    throw Broken(path, chunk, offset, "the page ends behind its column");
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

    private static ParquetPageHeader? ReadHeader(SafeFileHandle file, long offset, long end)
    {
        for (var bytes = FirstHeaderBytes; ; bytes *= 16)
        {
            var start = new byte[Math.Max(0, Math.Min(bytes, end - offset))];
            var read = RandomAccess.Read(file, start, offset);
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

    private static uint Sum(SafeFileHandle file, long start, long end, byte[] buffer)
    {
        uint sum = 0;
        while (start < end && RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - start)), start) is > 0 and var read)
        {
            sum = Crc32.Append(sum, buffer.AsSpan(0, read));
            start += read;
        }

        return sum;
    }

    private static EngineException Broken(string path, Chunk chunk, long offset, string what) => new(
        FailureKind.SourceUnavailable,
        $"{path} cannot be read: column '{chunk.Column}' of row group {chunk.RowGroup} is damaged at byte {offset}: {what}.", ProblemCode.DatasetNotReadable.Word);
}
