using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>Faults that the data shows, gathered so that a user hears of all at once.</summary>
internal sealed class DataFaults
{
    private const int Max = 100;

    private readonly List<Fault> faults = [];
    private string? hint;

    public bool IsEmpty => faults.Count == 0;

    public bool IsFull => faults.Count >= Max;

    public void Add(string pointer, Contracts.ProblemCode code, string detail)
    {
        if (!IsFull)
        {
            faults.Add(new Fault(pointer, code.Word, detail));
        }
    }

    /// <summary>Takes over a refusal; one without places gets this one.</summary>
    public void Add(string pointer, ClusterException refusal)
    {
        hint ??= refusal.Problem.Hint;
        foreach (var fault in refusal.Problem.Errors ?? [new Fault(pointer, refusal.Code.Word, refusal.Message)])
        {
            if (!IsFull)
            {
                faults.Add(fault);
            }
        }
    }

    /// <exception cref="ClusterException">
    /// With the code of the first fault, which is that of all when there is one kind only.
    /// </exception>
    public void ThrowIfAny()
    {
        if (faults.Count == 0)
        {
            return;
        }

        var first = faults[0];
        var detail = faults.Count == 1 ? first.Detail : $"{faults.Count} faults; the first, at {first.Pointer}: {first.Detail}";
        throw new ClusterException(Contracts.ProblemCode.Parse(first.Code), detail, hint, faults);
    }
}
