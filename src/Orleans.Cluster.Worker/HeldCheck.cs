using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Compares what the table says that this worker runs with what it runs. What it does not was begun by a call whose answer was
/// lost, and is given back when it is seen twice, since one that is just beginning or just ending looks the same.
/// </summary>
internal sealed partial class HeldCheck(
    AttemptRows rows, AttemptRunner runner, AttemptStarter starter, GrantBook book, TimeProvider clock,
    ILogger<HeldCheck> logger)
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
        var inTable = await rows.ListHeld(stoppingToken);
        var unknown = inTable.Except(runner.Attempts.Select(attempt => attempt.Id)).ToHashSet();
        var lost = unknown.Where(suspects.Contains).ToList();
        if (lost.Count > 0 && nothingBegins)
        {
            await rows.GiveBack(lost, stoppingToken);
        }

        suspects = unknown;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 337, Level = LogLevel.Debug,
            Message = "What the table says that this worker runs could not be read: {Message}")]
        public static partial void NotChecked(ILogger logger, string message);
    }
}
