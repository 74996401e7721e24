using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Faults of one request, in the order in which they were found, so that a client hears of all at once.</summary>
internal sealed class FaultList
{
    /// <summary>A body of a million bad items gets this many faults and a last one that says so.</summary>
    private const int Max = 100;

    private readonly List<Fault> faults = [];

    public IReadOnlyList<Fault> Faults => faults;

    public bool IsEmpty => faults.Count == 0;

    public bool IsFull => faults.Count >= Max;

    public void Add(string pointer, string code, string detail)
    {
        if (faults.Count < Max - 1)
        {
            faults.Add(new Fault(pointer, code, detail));
        }
        else if (faults.Count == Max - 1)
        {
            faults.Add(new Fault("", "too-many-faults", $"Only the first {Max - 1} faults are listed."));
        }
    }

    /// <exception cref="ClusterException"><c>validation-failed</c> with all faults, when there is one.</exception>
    public void ThrowIfAny()
    {
        if (!IsEmpty)
        {
            throw new ClusterException(Contracts.ProblemCode.ValidationFailed, Summary(), errors: faults);
        }
    }

    private string Summary() => faults is [var only]
        ? At(only)
        : $"{faults.Count} faults; the first: {At(faults[0])}";

    private static string At(Fault fault) => fault.Pointer.Length == 0 ? fault.Detail : $"{fault.Pointer}: {fault.Detail}";
}
