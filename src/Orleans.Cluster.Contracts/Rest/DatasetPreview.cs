using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts.Rest;

/// <summary>Body of <c>data/partition</c>. No source means the configured default dataset.</summary>
public sealed record PartitionRequest(SourceSpec? Source = null, PartitioningSpec? Partitioning = null);

/// <summary>A dataset as a job would read it; nothing has run.</summary>
public sealed record DatasetPreview
{
    /// <summary>Format as found; never <c>AUTO</c>.</summary>
    public required SourceFormat Format { get; init; }

    /// <summary>Dialect of delimited text; null for other formats.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PreviewDialect? Dialect { get; init; }

    /// <summary>
    /// What reads its files: <c>text-scan</c> (delimited text), <c>json-scan</c> (objects of JSON, a record each),
    /// <c>duckdb-json</c> or <c>duckdb-parquet</c>.
    /// </summary>
    public string Reader { get; init; } = "";

    /// <summary>Its one schema.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>Bytes in all, as stored.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Rows in all, exact where known.</summary>
    public long EstimatedRows { get; init; }

    /// <summary>What the query's condition left out, in a plan; null when nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PrunedFiles? Pruned { get; init; }

    /// <summary>Partitions in the order of the data.</summary>
    public required IReadOnlyList<PreviewPartition> Partitions { get; init; }

    /// <summary>What a user should know.</summary>
    public IReadOnlyList<PlanWarning> Warnings { get; init; } = [];
}

/// <summary>What one task would read.</summary>
/// <param name="Index">Its number, which is its place in the order of the data.</param>
/// <param name="Files">Parts of files, in order.</param>
/// <param name="Bytes">Bytes as stored.</param>
/// <param name="EstimatedRows">Rows, exact where known.</param>
public sealed record PreviewPartition(int Index, IReadOnlyList<PreviewSlice> Files, long Bytes, long EstimatedRows);

/// <summary>A part of a file, [<paramref name="Start"/>, <paramref name="End"/>).</summary>
/// <param name="Path">The file.</param>
/// <param name="Start">First byte or row.</param>
/// <param name="End">Byte or row behind the last.</param>
/// <param name="Unit"><c>BYTES</c> for text, <c>ROWS</c> for Parquet.</param>
/// <param name="Dialect">The file's dialect where it differs from the dataset's; null when the same.</param>
public sealed record PreviewSlice(
    string Path, long Start, long End, string Unit = "BYTES",
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PreviewDialect? Dialect = null);

/// <summary>How delimited text is written.</summary>
/// <param name="Delimiter">Between fields.</param>
/// <param name="Quote">Around fields; empty for none.</param>
/// <param name="Header">Whether the first record names the columns.</param>
public sealed record PreviewDialect(string Delimiter, string Quote, PreviewHeader Header);

/// <summary>Whether a text file has a header.</summary>
/// <param name="Value">Whether it has one.</param>
/// <param name="How">
/// How that is known: <c>DECLARED</c>, by the <c>TYPES</c> of the records below it, or <c>GUESSED</c>, with a warning.
/// </param>
public sealed record PreviewHeader(bool Value, HeaderEvidence How);
