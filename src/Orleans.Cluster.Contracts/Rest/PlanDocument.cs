namespace Orleans.Cluster.Contracts.Rest;

/// <summary>A plan as a document: the answer of <c>jobs/{id}/plan</c> and of a submit with <c>validateOnly</c>.</summary>
public sealed record PlanDocument
{
    /// <summary>The one query that all stages compute together.</summary>
    public required string Query { get; init; }

    /// <summary>Columns of the result.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>Inputs by the name that queries use.</summary>
    public required IReadOnlyDictionary<string, DatasetPreview> Datasets { get; init; }

    /// <summary>Stages, each after those that it reads.</summary>
    public required IReadOnlyList<PlanStage> Stages { get; init; }

    /// <summary>Bytes of all inputs, as stored.</summary>
    public long EstimatedBytes { get; init; }

    /// <summary>What a user should know.</summary>
    public IReadOnlyList<PlanWarning> Warnings { get; init; } = [];
}

/// <summary>One stage of a plan as a document.</summary>
public sealed record PlanStage
{
    /// <summary>Its number.</summary>
    public required int Index { get; init; }

    /// <summary>A word for people: scan, partial, merge, ...</summary>
    public required string Name { get; init; }

    /// <summary>The query of each of its tasks.</summary>
    public required string Query { get; init; }

    /// <summary>What the query reads.</summary>
    public required IReadOnlyList<StageInput> Inputs { get; init; }

    /// <summary>Where its rows go.</summary>
    public required OutputKind Output { get; init; }

    /// <summary>Columns of its rows.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>Number of its partitions at most; null where only the run tells.</summary>
    public int? Partitions { get; init; }

    /// <summary>
    /// Threads of its task at most: more than one where a query in one task comes to the same rows with any number of them.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>Bytes that it reads, estimated.</summary>
    public long EstimatedBytes { get; init; }

    /// <summary>Rows that it writes, estimated; null in plans of versions that kept no estimate.</summary>
    public long? EstimatedRows { get; init; }

    /// <summary>Bytes of these rows in memory, estimated.</summary>
    public long? EstimatedRowBytes { get; init; }

    /// <summary>What it has really done so far; null before it has begun.</summary>
    public StageActuals? Actual { get; init; }

    /// <summary>Why it is as it is.</summary>
    public string? Note { get; init; }
}

/// <summary>What committed partitions of a stage have done.</summary>
/// <param name="Partitions">Partitions, those not counted that were split.</param>
/// <param name="Committed">Of them, those that are committed, of which all else is.</param>
/// <param name="RowsIn">Rows that they read.</param>
/// <param name="RowsOut">Rows that they wrote.</param>
/// <param name="BytesOut">Bytes of the files that they wrote.</param>
public sealed record StageActuals(int Partitions, int Committed, long RowsIn, long RowsOut, long BytesOut);
