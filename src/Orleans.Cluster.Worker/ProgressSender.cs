using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;

namespace Orleans.Cluster.Worker;

/// <summary>Tells each job how far its attempts on this worker are, once a second and only what has changed.</summary>
internal sealed class ProgressSender(IGrainFactory grains, AttemptRunner runner, TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Until the worker stops.</summary>
    public async Task Run(CancellationToken stoppingToken)
    {
        var sent = new Dictionary<AttemptId, long>();
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var running = runner.Attempts;
            foreach (var job in running.GroupBy(attempt => attempt.Id.Task.Job))
            {
                var changed = job.Where(attempt => sent.GetValueOrDefault(attempt.Id, -1) != Done(attempt)).ToList();
                if (changed.Count > 0)
                {
                    grains.GetGrain<IJobGrain>(GrainKeys.Job(job.Key)).ReportProgress(
                        [.. changed.Select(attempt => new AttemptProgress(attempt.Id, attempt.Progress.BytesDone,
                            attempt.Progress.RowsDone))]).Ignore();
                }
            }

            sent = running.ToDictionary(attempt => attempt.Id, Done);
        }
    }

    private static long Done(RunningAttempt attempt) => attempt.Progress.BytesDone + attempt.Progress.RowsDone;
}
