using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Compares what the table says that this worker runs with what it runs. What it does not was begun by a call whose answer was
/// lost, and is given back when it is seen twice, since one that is just beginning or just ending looks the same.
/// </summary>
internal sealed partial class HeldCheck(
    ICheckpointStore checkpoints, AttemptRunner runner, AttemptStarter starter, GrantBook book, WorkerIdentity self,
    TimeProvider clock, ILogger<HeldCheck> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private HashSet<AttemptId> suspects = [];

    /// <summary>Until the worker stops.</summary>
    public async Task Run(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await Check(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.NotChecked(logger, exception.Message);
            }
        }
    }

    private async Task Check(CancellationToken stoppingToken)
    {
        starter.StartForgotten();

        // Looked at before what runs: a grant closes only after its attempts are among these.
        var nothingBegins = book.IsEmpty;
        var inTable = await checkpoints.ListHeld(self.Id, stoppingToken);
        var unknown = inTable.Except(runner.Attempts.Select(attempt => attempt.Id)).ToHashSet();
        var lost = unknown.Where(suspects.Contains).ToList();
        if (lost.Count > 0 && nothingBegins)
        {
            await checkpoints.Release(new WorkerRelease(self.Id, lost, clock.GetUtcNow()), stoppingToken);
            Log.GivenBack(logger, self.Id, lost.Count);
        }

        suspects = unknown;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 333, Level = LogLevel.Warning,
            Message = "Worker {Worker} gives {Count} attempts back that it does not run.")]
        public static partial void GivenBack(ILogger logger, WorkerId worker, int count);

        [LoggerMessage(
            EventId = 337, Level = LogLevel.Debug,
            Message = "What the table says that this worker runs could not be read: {Message}")]
        public static partial void NotChecked(ILogger logger, string message);
    }
}
