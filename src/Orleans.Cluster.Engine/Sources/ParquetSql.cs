using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Reads Parquet slices in order; row ranges cost nothing, as the engine prunes row groups by row number.</summary>
internal static class ParquetSql
{
    /// <summary>One SELECT for each run of slices that one call can read.</summary>
    public static IEnumerable<string> Selects(ScanInput scan)
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
                yield return SelectWhole(scan, whole);
                whole.Clear();
            }

            yield return SelectRange(scan, slice);
        }

        if (whole.Count > 0)
        {
            yield return SelectWhole(scan, whole);
        }
    }

    /// <summary>Rows of one slice under the dataset's columns.</summary>
    public static string SelectRange(ScanInput scan, FileSlice slice)
    {
        var columns = TextSql.Select(scan.Columns, slice.File, readAsDataset: false);
        var path = OpenSources.Literal(slice.File.Stamp.Path);
        return IsWhole(slice)
            ? $"SELECT {columns} FROM read_parquet({path}, hive_partitioning = false)"
            : $"SELECT {columns} FROM read_parquet({path}, hive_partitioning = false, file_row_number = true) "
                + $"WHERE file_row_number >= {slice.Start} AND file_row_number < {slice.End}";
    }

    private static bool IsWhole(FileSlice slice) => slice.Start == 0 && (slice.Unit != SliceUnit.Rows || slice.End == slice.File.RowCount);

    private static string SelectWhole(ScanInput scan, List<FileSlice> slices)
    {
        var paths = string.Join(", ", slices.Select(s => OpenSources.Literal(s.File.Stamp.Path)));
        return $"SELECT {SqlText.Names(scan.Columns.Select(c => c.Name))} FROM read_parquet([{paths}], hive_partitioning = false)";
    }
}
