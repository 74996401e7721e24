using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>What the reference says of an operation beyond what its endpoint says of itself.</summary>
/// <param name="Summary">One line.</param>
/// <param name="Status">Status of the good answer.</param>
/// <param name="Answer">Its document; null for none.</param>
/// <param name="Example">The document's example, as JSON.</param>
internal sealed record OperationNote(string Summary, int Status, Type? Answer = null, string? Example = null)
{
    /// <summary>The request's document; null for none.</summary>
    public Type? Body { get; init; }

    public string? BodyExample { get; init; }

    public bool IsBodyOptional { get; init; }

    /// <summary>What one line cannot hold.</summary>
    public string? Description { get; init; }

    /// <summary>Other good statuses and what they mean.</summary>
    public IReadOnlyDictionary<int, string> Others { get; init; } = new Dictionary<int, string>();

    /// <summary>Documents of other good statuses, each with its example as JSON.</summary>
    public IReadOnlyDictionary<int, (Type Answer, string Example)> OtherAnswers { get; init; } = new Dictionary<int,
        (Type, string)>();

    /// <summary>Other forms of the answer.</summary>
    public IReadOnlyList<string> Forms { get; init; } = [];

    public IReadOnlyList<ParameterNote> Parameters { get; init; } = [];

    /// <summary>Refusals of this operation, beside those that every one has.</summary>
    public IReadOnlyList<Contracts.ProblemCode> Errors { get; init; } = [];
}

/// <summary>A parameter of the query, or a header.</summary>
internal sealed record ParameterNote(
    string Name, string Description, string Example, bool IsHeader = false, bool IsNumber = false, bool IsFlag = false);
