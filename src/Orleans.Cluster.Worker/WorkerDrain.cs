using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>The end of a worker: it takes nothing new, and what runs may end.</summary>
internal sealed partial class WorkerDrain(
    GrantBook book, AttemptRunner runner, WorkerNews news, WorkerIdentity self, IOptions<WorkerOptions> options,
    TimeProvider clock, ILogger<WorkerDrain> logger)
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits for what runs, for the time that the settings give it, and stops the rest.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        book.Drain();
        var until = clock.GetUtcNow() + options.Value.DrainTimeout;
        Log.Draining(logger, self.Id, runner.Attempts.Count);
        while ((runner.Attempts.Count > 0 || !book.IsEmpty) && clock.GetUtcNow() < until
            && !cancellationToken.IsCancellationRequested)
        {
            await news.Wait(LookPeriod, CancellationToken.None);
        }

        // Here, and not by way of their grains, which are placed elsewhere once this silo leaves.
        await Task.WhenAll(runner.Attempts.Select(attempt => runner.Stop(GrainKeys.Partition(attempt.Id))));
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 334, Level = LogLevel.Information,
            Message = "Worker {Worker} is draining; {Running} attempts are running.")]
        public static partial void Draining(ILogger logger, WorkerId worker, int running);
    }
}
