using Orleans.Cluster.Contracts.Execution;

namespace Orleans.Cluster.Contracts.Rest;

/// <summary>Body of <c>data/partition</c>. No source means the configured default dataset.</summary>
public sealed record PartitionRequest(SourceSpec? Source = null, PartitioningSpec? Partitioning = null);

/// <summary>A dataset as a job would read it; nothing has run.</summary>
public sealed record DatasetPreview
{
    /// <summary>Format as found; never <c>AUTO</c>.</summary>
    public required SourceFormat Format { get; init; }

    /// <summary>Its one schema.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>Bytes in all, as stored.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Rows in all, exact where known.</summary>
    public long EstimatedRows { get; init; }

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
public sealed record PreviewSlice(string Path, long Start, long End, string Unit = "BYTES");
