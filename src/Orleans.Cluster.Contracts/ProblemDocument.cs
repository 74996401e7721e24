using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts;

/// <summary>
/// An error as RFC 9457 writes it, with our members beside it. The <c>error</c> of a failed job has the same form.
/// </summary>
[GenerateSerializer, Immutable, Alias("ProblemDocument")]
public sealed record ProblemDocument
{
    /// <summary>A URI that names the kind of error.</summary>
    [Id(0)]
    public string Type { get; init; } = "about:blank";

    /// <summary>One line, the same for every error of this code.</summary>
    [Id(1)]
    public required string Title { get; init; }

    /// <summary>HTTP status.</summary>
    [Id(2)]
    public required int Status { get; init; }

    /// <summary>What happened, to which thing, and what to do.</summary>
    [Id(3)]
    public required string Detail { get; init; }

    /// <summary>The address that was asked, or the job.</summary>
    [Id(4)]
    public string? Instance { get; init; }

    /// <summary>Word of the <see cref="ProblemCode"/>.</summary>
    [Id(5)]
    public required string Code { get; init; }

    /// <summary>Whether the same request may work later.</summary>
    [Id(6)]
    public bool Retryable { get; init; }

    /// <summary>What to do about it.</summary>
    [Id(7)]
    public string? Hint { get; init; }

    /// <summary>Finds the request in logs and traces.</summary>
    [Id(8)]
    public string? TraceId { get; init; }

    /// <summary>Each fault with its place in the request.</summary>
    [Id(9), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Fault>? Errors { get; init; }

    /// <summary>
    /// A document for a code. Of many faults it has the first, and one that counts the others; texts are cut, so that what a
    /// request names wrongly, however often and however long, makes no large answer.
    /// </summary>
    public static ProblemDocument Of(ProblemCode code, string detail, string? hint = null, IReadOnlyList<Fault>? errors = null)
    {
        ArgumentNullException.ThrowIfNull(code);
        return new ProblemDocument
        {
            Type = $"urn:orleans-cluster:error:{code.Word}",
            Title = code.Title,
            Status = code.HttpStatus,
            Detail = FaultBounds.Cut(detail, FaultBounds.LongestDetail),
            Code = code.Word,
            Retryable = code.IsRetryable,
            Hint = hint,
            Errors = errors is null ? null : FaultBounds.Bound(errors),
        };
    }
}

/// <summary>One fault of a request: where (a JSON pointer such as <c>/source/format</c>), which, and what to do.</summary>
[GenerateSerializer, Immutable, Alias("Fault")]
public sealed record Fault([property: Id(0)] string Pointer, [property: Id(1)] string Code, [property: Id(2)] string Detail);
