using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>Which row groups of Parquet files may hold a row that meets a condition, by their statistics.</summary>
/// <param name="Files">The files, as probed.</param>
/// <param name="Dataset">Columns of their dataset.</param>
/// <param name="Columns">Columns that the condition is about.</param>
/// <param name="Condition">
/// SQL over the names of <see cref="RowGroupStatistics"/>, with the number of each column's place in
/// <paramref name="Columns"/>. A row group is not needed where it is false.
/// </param>
public sealed record RowGroupQuestion(
    IReadOnlyList<SourceFile> Files, IReadOnlyList<ColumnSchema> Dataset, IReadOnlyList<string> Columns, string Condition)
{
    /// <summary>Whether the bounds of the first column are asked for as well, of all files.</summary>
    public bool WantsBounds { get; init; }

    /// <summary>Leave to read those of the files that are objects of a store; null when none are.</summary>
    public ObjectGrant? Grant { get; init; }
}

/// <summary>What a condition on row groups can name. Each is NULL where the footer does not say it surely.</summary>
public static class RowGroupStatistics
{
    /// <summary>Rows of the row group.</summary>
    public const string Rows = "group_rows";

    /// <summary>No value of the column is below it, in the column's type.</summary>
    public static string Least(int column) => $"least_{column}";

    /// <summary>No value of the column is above it, in the column's type; a NaN may be in the column all the same.</summary>
    public static string Greatest(int column) => $"greatest_{column}";

    /// <summary>Rows in which the column is NULL.</summary>
    public static string Nulls(int column) => $"nulls_{column}";
}

/// <summary>What statistics say of a condition.</summary>
/// <param name="RowGroups">Row groups of all files.</param>
/// <param name="Files">
/// The files of which a row group is not needed; where bounds were asked for, all files, or none of too many row groups.
/// </param>
public sealed record JudgedRowGroups(int RowGroups, IReadOnlyList<FileRowGroups> Files);

/// <summary>The row groups of one file, in order.</summary>
/// <param name="Path">The file.</param>
/// <param name="Groups">Each row group that has rows.</param>
public sealed record FileRowGroups(string Path, IReadOnlyList<JudgedRowGroup> Groups);

/// <summary>A row group, and whether a condition may hold in it.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Bytes">Its bytes, as stored.</param>
/// <param name="IsNeeded">False when no row of it meets the condition.</param>
public sealed record JudgedRowGroup(long Rows, long Bytes, bool IsNeeded)
{
    /// <summary>What bounds the asked column; null where that was not asked for, or the footer does not say it surely.</summary>
    public RowGroupBounds? Bounds { get; init; }
}

/// <summary>
/// Bounds of a column in a row group, as hexadecimal digits in the order of the column's values; null when all of them are NULL.
/// </summary>
/// <param name="Least">No value is below it.</param>
/// <param name="Greatest">No value is above it.</param>
/// <param name="Nulls">Rows in which the column is NULL.</param>
public sealed record RowGroupBounds(string? Least, string? Greatest, long Nulls);
