using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Client;

/// <summary>Which jobs to list. What is not set does not restrict.</summary>
public sealed record JobFilter
{
    /// <summary>Jobs in a page, 1 to 500.</summary>
    public int PageSize { get; init; } = 50;

    /// <summary>Token of the page before.</summary>
    public string? PageToken { get; init; }

    /// <summary>Any of these phases.</summary>
    public IReadOnlyList<JobPhase> Phases { get; init; } = [];

    /// <summary>This priority.</summary>
    public JobPriority? Priority { get; init; }

    /// <summary>This operation.</summary>
    public OperationKind? Operation { get; init; }

    /// <summary>Created after this.</summary>
    public DateTimeOffset? CreatedAfter { get; init; }

    /// <summary>Created before this.</summary>
    public DateTimeOffset? CreatedBefore { get; init; }

    /// <summary>All of these labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    internal IEnumerable<(string Name, string? Value)> ToQuery() =>
    [
        ("pageSize", PageSize.ToString(CultureInfo.InvariantCulture)),
        ("pageToken", PageToken),
        .. Phases.Select(phase => ("status", (string?)Wire.Word(phase))),
        ("priority", Wire.Word(Priority)),
        ("operation", Wire.Word(Operation)),
        ("createdAfter", Wire.Time(CreatedAfter)),
        ("createdBefore", Wire.Time(CreatedBefore)),
        .. Labels.Select(label => ($"label.{label.Key}", (string?)label.Value)),
    ];
}
