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
        var sent = new Dictionary<AttemptId, AttemptProgress>();
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var running = runner.Attempts.Select(Of).ToList();
            foreach (var job in running.GroupBy(attempt => attempt.Attempt.Task.Job))
            {
                var changed = job.Where(attempt => sent.GetValueOrDefault(attempt.Attempt) != attempt).ToList();
                if (changed.Count > 0)
                {
                    grains.GetGrain<IJobGrain>(GrainKeys.Job(job.Key)).ReportProgress(changed).Ignore();
                }
            }

            sent = running.ToDictionary(attempt => attempt.Attempt);
        }
    }

    private static AttemptProgress Of(RunningAttempt attempt) => new(
        attempt.Id, attempt.Progress.BytesDone, attempt.Progress.RowsDone, attempt.Progress.BytesWritten);
}
