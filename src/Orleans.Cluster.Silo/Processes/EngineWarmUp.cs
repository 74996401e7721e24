using System.Diagnostics;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Worker;
using Orleans.Runtime;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// Starts the gateway's own executor with the gateway, so that the first job's planning does not wait for it; and once the
/// cluster is ready, plans jobs that are stored nowhere, so that the first of somebody's does not wait for what a plan takes when
/// it is made for the first time.
/// </summary>
internal sealed partial class EngineWarmUp(
    PlanningExecutor engine, SubmitRules rules, EarlyPlanning planning, IGrainFactory grains, ILogger<EngineWarmUp> logger)
    : BackgroundService
{
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(250);

    // What starts this long after the gateway does not wait for it.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // The first describes the default dataset, which not every cluster has.
    private static readonly JobSpec[] Rehearsals =
    [
        new() { Operation = OperationKind.Aggregate },
        new()
        {
            Operation = OperationKind.Sql,
            Parameters = JsonSerializer.SerializeToElement(
                new { query = "SELECT k, sum(v) AS v FROM (VALUES ('a', 1), ('b', 2)) AS t(k, v) GROUP BY k ORDER BY k" }),
        },
    ];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await engine.Warm(stoppingToken);
        try
        {
            if (await IsReadySoon(stoppingToken))
            {
                await Rehearse(stoppingToken);
            }
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            Log.Broken(logger, exception.Message); // Nobody waits for it, and the gateway goes on without.
        }
    }

    private async Task Rehearse(CancellationToken stoppingToken)
    {
        foreach (var spec in Rehearsals)
        {
            try
            {
                var accepted = await rules.Check(spec, new SubmitOrigin(null, null, null, AccessRole.Admin), stoppingToken);
                await planning.TryPlan(accepted, stoppingToken);
            }
            catch (ClusterException refusal)
            {
                Log.NotRehearsed(logger, refusal.Message);
            }
        }
    }

    private async Task<bool> IsReadySoon(CancellationToken stoppingToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < Patience)
        {
            try
            {
                if ((await grains.GetGrain<IClusterGrain>(GrainKeys.Cluster).GetStatus()).HasItsWorkers())
                {
                    return true;
                }
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                Log.NotReady(logger, exception.Message);
            }

            await Task.Delay(LookPause, stoppingToken);
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(4060, LogLevel.Debug, "A job that is only rehearsed was refused: {Message}")]
        public static partial void NotRehearsed(ILogger logger, string message);

        [LoggerMessage(4062, LogLevel.Warning, "The gateway could not rehearse a job: {Message}")]
        public static partial void Broken(ILogger logger, string message);

        [LoggerMessage(4061, LogLevel.Debug, "The cluster does not answer yet: {Message}")]
        public static partial void NotReady(ILogger logger, string message);
    }
}
