using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>A job's result as a dataset: its files where they are, under the columns that were recorded.</summary>
internal static class JobSource
{
    /// <summary>How its files are read: as they were written.</summary>
    /// <exception cref="ClusterException">
    /// <c>dataset-not-readable</c>: the format of its output does not keep the type of a column.
    /// </exception>
    public static SourceSpec Reading(StoredResult result)
    {
        if (result.Columns.FirstOrDefault(column => IsLost(result.Format, column)) is { } lost)
        {
            throw new ClusterException(
                Contracts.ProblemCode.DatasetNotReadable,
                $"Job {result.Job} wrote its column '{lost.Name}' ({lost.Type}) as "
                + $"{result.Format.ToString().ToUpperInvariant()}, from which a source cannot be read with this type.",
                "Write the output as PARQUET, or leave output out.");
        }

        var columns = result.Columns.Where(column => !IsFolder(result, column))
            .ToDictionary(column => column.Name, column => column.Type);
        var plain = new SourceOptions { HivePartitioning = false };
        var text = plain with { Columns = columns, Delimiter = result.Format == OutputFormat.Tsv
            ? "\t"
            : ",", Quote = "\"", Escape = "\"", Header = true, Comment = "", Encoding = "utf-8" };
        return result.Format switch
        {
            OutputFormat.Csv => new SourceSpec { Format = SourceFormat.Csv, Options = text },
            OutputFormat.Tsv => new SourceSpec { Format = SourceFormat.Tsv, Options = text },
            OutputFormat.Ndjson => new SourceSpec { Format = SourceFormat.Ndjson, Options = plain with { Columns = columns } },
            _ => new SourceSpec { Format = SourceFormat.Parquet, Options = plain },
        };
    }

    /// <summary>What was found, under the recorded columns.</summary>
    public static DatasetProbe Typed(DatasetProbe probe, StoredResult result)
    {
        var isSame = result.FolderColumns.Count == 0 && probe.Columns.SequenceEqual(result.Columns);
        return probe with
        {
            Columns = result.Columns,
            DeclaredColumns = null,
            Files = isSame
                ? probe.Files
                : [.. probe.Files.Select(file =>
                    file with { Columns = file.Columns ?? probe.Columns, HiveValues = Folders(file, result) })],
            Warnings = [],
        };
    }

    /// <summary>A result without rows has no files.</summary>
    public static DatasetProbe Empty(StoredResult result) =>
        new() { Format = SourceFormat.Parquet, Columns = result.Columns, Files = [] };

    private static IReadOnlyDictionary<string, string>? Folders(SourceFile file, StoredResult result)
    {
        if (result.FolderColumns.Count == 0)
        {
            return null;
        }

        var folders = (Path.GetDirectoryName(file.Stamp.Path) ?? "")
            .Split(Path.DirectorySeparatorChar)[^result.FolderColumns.Count..];
        return result.FolderColumns.Zip(folders, (name, folder) => (name, FolderName.Read(folder)?.Value ?? FolderName.NullValue))
            .ToDictionary(pair => pair.name, pair => pair.Item2, StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsFolder(StoredResult result, ColumnSchema column) =>
        result.FolderColumns.Contains(column.Name, StringComparer.OrdinalIgnoreCase);

    private static bool IsLost(OutputFormat format, ColumnSchema column)
    {
        var type = ColumnType.Parse(column.Type);
        return format switch
        {
            OutputFormat.Csv or OutputFormat.Tsv => type.IsNested,
            OutputFormat.Ndjson => Contains(type, "BLOB"),
            _ => false,
        };
    }

    private static bool Contains(ColumnType type, string scalar) =>
        type.Name == scalar || type.Parts.Any(part => Contains(part.Type, scalar));
}
