using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>The pages of one column in one row group: bytes [Start, End) of the file.</summary>
/// <param name="Column">Its path in the schema.</param>
/// <param name="RowGroup">Number of its row group, from 0.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">Behind the last byte.</param>
/// <param name="Filter">Where its Bloom filter is, which a reader may ask first; null without one.</param>
internal sealed record ParquetChunk(string Column, long RowGroup, long Start, long End, (long Start, long End)? Filter = null)
{
    /// <summary>What a scan reads of a slice, by the footer.</summary>
    /// <param name="session">A session that may read the file.</param>
    /// <param name="scan">The scan.</param>
    /// <param name="slice">The slice.</param>
    /// <param name="path">The file with its footer.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static List<ParquetChunk> List(
        DuckDbSession session, ScanInput scan, FileSlice slice, string path, CancellationToken cancellationToken)
    {
        var chunks = new List<ParquetChunk>();
        long group = -1, groupStart = 0, groupEnd = 0;
        session.Read(
            "SELECT row_group_id, row_group_num_rows, path_in_schema, CASE WHEN dictionary_page_offset BETWEEN 1 AND "
            + "data_page_offset "
            + "THEN dictionary_page_offset ELSE data_page_offset END, total_compressed_size, bloom_filter_offset, "
            + "bloom_filter_length "
            + $"FROM parquet_metadata({OpenSources.Literal(path)}) ORDER BY row_group_id, column_id",
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
                    (long, long)? filter = row.IsDBNull(5) || row.IsDBNull(6)
                        ? null
                        : (row.GetInt64(5), row.GetInt64(5) + row.GetInt64(6));
                    chunks.Add(new ParquetChunk(
                        row.GetString(2), group, row.GetInt64(3), row.GetInt64(3) + row.GetInt64(4), filter));
                }
            },
            cancellationToken);
        return chunks;
    }

    // A nested column has its fields behind its own name.
    private static bool IsUsed(ScanInput scan, string column) => scan.UsedColumns is not { } used
        || used.Any(name => column.StartsWith(name, StringComparison.OrdinalIgnoreCase)
            && (column.Length == name.Length || column[name.Length] is ',' or '.'
                || column.StartsWith(name + ", ", StringComparison.OrdinalIgnoreCase)));
}
