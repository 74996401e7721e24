using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Reads Parquet slices in order; row ranges cost nothing, as the engine prunes row groups by row number.</summary>
internal static class ParquetSql
{
    /// <summary>The engine's own number of a row in its file, from 0.</summary>
    public const string RowNumber = "file_row_number";

    /// <summary>One SELECT for each run of slices that one call can read.</summary>
    public static IEnumerable<string> Selects(ScanInput scan, IReadOnlyList<ColumnSchema> columns)
    {
        var whole = new List<FileSlice>();
        foreach (var slice in scan.Slices)
        {
            if (IsWhole(slice) && slice.File is { Columns: null, HiveValues: null })
            {
                whole.Add(slice);
                continue;
            }

            if (whole.Count > 0)
            {
                yield return SelectWhole(columns, whole);
                whole.Clear();
            }

            yield return SelectRange(scan, columns, slice);
        }

        if (whole.Count > 0)
        {
            yield return SelectWhole(columns, whole);
        }
    }

    /// <summary>Rows of one slice under columns of the dataset.</summary>
    public static string SelectRange(ScanInput scan, IReadOnlyList<ColumnSchema> wanted, FileSlice slice)
    {
        var columns = TextSql.Select(wanted, slice.File, readAsDataset: false);
        var read = $"read_parquet({OpenSources.Literal(slice.File.Stamp.Path)}, hive_partitioning = false";
        if (IsWhole(slice))
        {
            return $"SELECT {columns} FROM {read})";
        }

        return HidesRowNumbers(slice.File.Columns ?? scan.Columns)
            ? $"SELECT {columns} FROM (SELECT * FROM {read}) LIMIT {slice.End - slice.Start} OFFSET {slice.Start})"
            : $"SELECT {columns} FROM {read}, {RowNumber} = true) WHERE {RowNumber} >= {slice.Start} AND {RowNumber} < "
            + $"{slice.End}";
    }

    /// <summary>Whether rows of a scan are counted off from the first of their file, with a LIMIT.</summary>
    public static bool CountsRowsOff(ScanInput scan) =>
        scan.Slices.Any(slice => !IsWhole(slice) && HidesRowNumbers(slice.File.Columns ?? scan.Columns));

    /// <summary>Whether a column hides the engine's numbers of rows.</summary>
    public static bool HidesRowNumbers(IEnumerable<ColumnSchema> columns) =>
        columns.Any(column => column.Name.Equals(RowNumber, StringComparison.OrdinalIgnoreCase));

    private static bool IsWhole(FileSlice slice) =>
        slice.Start == 0 && (slice.Unit != SliceUnit.Rows || slice.End == slice.File.RowCount);

    private static string SelectWhole(IReadOnlyList<ColumnSchema> columns, List<FileSlice> slices)
    {
        var paths = string.Join(", ", slices.Select(s => OpenSources.Literal(s.File.Stamp.Path)));
        return $"SELECT {SqlText.Names(columns.Select(c => c.Name))} FROM read_parquet([{paths}], hive_partitioning = false)";
    }
}
