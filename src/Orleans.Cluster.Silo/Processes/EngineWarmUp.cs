using Orleans.Cluster.Worker;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>Starts the gateway's own executor with the gateway, so that the first job's planning does not wait for it.</summary>
internal sealed class EngineWarmUp(PlanningExecutor engine) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => engine.Warm(stoppingToken);
}
