using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>Workers that somebody else starts and stops.</summary>
internal sealed class FixedTarget : IScaleTarget
{
    public string Name => "fixed";

    public bool CanScale => false;

    public Task<IReadOnlyList<ScaleInstance>> List(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ScaleInstance>>([]);

    public Task Start(int count, WorkerShape shape, CancellationToken cancellationToken) => throw Unsupported();

    public Task Stop(IReadOnlyCollection<string> instances, bool atOnce, CancellationToken cancellationToken) =>
        throw Unsupported();

    private static NotSupportedException Unsupported() => new("Workers of this cluster are run by hand.");
}
