namespace Orleans.Cluster.Contracts;

/// <summary>
/// A refusal with its code: thrown on the server, mapped once to a problem document, and thrown again by the client.
/// </summary>
[GenerateSerializer, Alias("ClusterException")]
public sealed class ClusterException : Exception
{
    /// <summary>A refusal with one detail.</summary>
    public ClusterException(
        ProblemCode code, string detail, string? hint = null, IReadOnlyList<Fault>? errors = null, Exception? inner = null)
        : this(ProblemDocument.Of(code, detail, hint, errors), inner)
    {
    }

    /// <summary>A refusal as it came over the wire.</summary>
    public ClusterException(ProblemDocument problem, Exception? inner = null)
        : base((problem ?? throw new ArgumentNullException(nameof(problem))).Detail, inner) => Problem = problem;

    /// <summary>The document that a client gets.</summary>
    [Id(0)]
    public ProblemDocument Problem { get; private init; }

    /// <summary>The code of the document.</summary>
    public ProblemCode Code => ProblemCode.Parse(Problem.Code);
}
