using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Worker;

/// <summary>Who this worker is.</summary>
internal sealed class WorkerIdentity(ILocalSiloDetails silo, IOptions<ClusterSettings> settings, TimeProvider clock)
{
    /// <summary>Its id, which tells its silo.</summary>
    public WorkerId Id { get; } = WorkerIds.Of(silo.SiloAddress);

    /// <summary>Its silo.</summary>
    public SiloAddress Silo => silo.SiloAddress;

    /// <summary>The machine that it runs on.</summary>
    public string Machine { get; } = settings.Value.MachineName ?? Environment.MachineName;

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; } = clock.GetUtcNow();
}
