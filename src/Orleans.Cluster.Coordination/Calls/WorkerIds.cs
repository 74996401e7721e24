using System.Diagnostics.CodeAnalysis;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>A worker is named after its silo's address, whose generation is new with each start.</summary>
internal static class WorkerIds
{
    private const string Prefix = "w-";

    public static WorkerId Of(SiloAddress silo) => new(Prefix + silo.ToParsableString());

    public static bool TryGetSilo(WorkerId worker, [NotNullWhen(true)] out SiloAddress? silo)
    {
        silo = null;
        try
        {
            silo = worker.Value.StartsWith(Prefix, StringComparison.Ordinal)
                ? SiloAddress.FromParsableString(worker.Value[Prefix.Length..])
                : null;
        }
        catch (FormatException)
        {
            // A name that was not made here; such a worker is judged by its reports alone.
        }

        return silo is not null;
    }
}
