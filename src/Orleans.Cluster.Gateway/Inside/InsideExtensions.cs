using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Cluster.Gateway.Inside;

/// <summary>Where the grains for callers from inside run.</summary>
internal static class InsideExtensions
{
    /// <summary>
    /// Keeps them off this silo, a worker: it has no gateway to answer with. Calls that reach it go on to one that has.
    /// </summary>
    public static ISiloBuilder WithoutInsideGrains(this ISiloBuilder silo) => silo.Configure<GrainTypeOptions>(options =>
    {
        options.Classes.Remove(typeof(JobRequestsGrain));
        options.Classes.Remove(typeof(RowsGrain));
    });
}
