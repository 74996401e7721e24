using Orleans.Cluster.Coordination.Calls;
using Orleans.Placement;

namespace Orleans.Cluster.Worker;

/// <inheritdoc cref="IPartitionGrain"/>
[Immovable]
internal sealed class PartitionGrain(AttemptRunner runner) : Grain, IPartitionGrain
{
    public Task Start()
    {
        runner.Start(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public async Task<bool> Cancel()
    {
        var stopped = await runner.Stop(this.GetPrimaryKeyString());
        DeactivateOnIdle();
        return stopped;
    }
}
