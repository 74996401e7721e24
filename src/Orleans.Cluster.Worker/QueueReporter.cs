using Microsoft.Extensions.Logging;
using Orleans.Cluster.Coordination.Calls;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Reports to the queue, over and over: the queue holds a report until it has an order, and the worker reports again when there
/// is news.
/// </summary>
internal sealed partial class QueueReporter(
    IGrainFactory grains, ReportMaker reports, OrderFollower orders, ExecutorPool pool, WorkerNews news, TimeProvider clock,
    ILogger<QueueReporter> logger)
{
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(500);

    // A grant begins in milliseconds. The next report is better made after it: until one says so, the queue takes it for not
    // begun.
    private static readonly TimeSpan BeginPatience = TimeSpan.FromMilliseconds(200);

    /// <summary>Until the worker stops.</summary>
    public async Task Run(CancellationToken stoppingToken)
    {
        var queue = grains.GetGrain<IQueueGrain>(GrainKeys.Queue);
        while (!stoppingToken.IsCancellationRequested)
        {
            // Whichever comes first: an order, or something that is worth a new report. The older report's answer still counts.
            var answer = Ask(queue, stoppingToken);
            var isNews = await news.WaitOr(answer, stoppingToken);
            if (answer.IsCompleted && !await answer)
            {
                await Task.Delay(ErrorPause, clock, stoppingToken);
            }
            else if (!isNews && orders.IsBeginning)
            {
                await news.Wait(BeginPatience, stoppingToken);
            }
        }
    }

    private async Task<bool> Ask(IQueueGrain queue, CancellationToken stoppingToken)
    {
        WorkerReport? report = null;
        try
        {
            report = reports.Begin();
            var sentAt = clock.GetTimestamp();
            var answer = await queue.Report(report).WaitAsync(ReportTimeout, clock, stoppingToken);
            pool.Lease.Renew(sentAt);
            orders.Follow(answer);
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The queue is between two silos, or its silo is leaving; attempts go on meanwhile.
            Log.NotReported(logger, exception.Message);
            return false;
        }
        finally
        {
            if (report is not null)
            {
                reports.End(report);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 330, Level = LogLevel.Debug, Message = "The queue could not be reached: {Message}")]
        public static partial void NotReported(ILogger logger, string message);
    }
}
