using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>How many attempts of each job the workers run, as they said last.</summary>
internal sealed class ReportedAttempts
{
    private readonly Dictionary<WorkerId, Dictionary<JobId, int>> byWorker = [];
    private readonly Dictionary<JobId, int> byJob = [];

    /// <summary>Attempts of a job that run.</summary>
    public int CountOf(JobId job) => byJob.GetValueOrDefault(job);

    /// <summary>Takes what a worker runs now, in place of what it ran before.</summary>
    /// <returns>Jobs whose number has changed.</returns>
    public IReadOnlyList<JobId> Take(WorkerId worker, IReadOnlyCollection<AttemptId> running)
    {
        var before = byWorker.GetValueOrDefault(worker) ?? [];
        var after = running.GroupBy(attempt => attempt.Task.Job).ToDictionary(group => group.Key, group => group.Count());
        var changed = before.Keys.Union(after.Keys)
            .Where(job => before.GetValueOrDefault(job) != after.GetValueOrDefault(job)).ToList();
        foreach (var job in changed)
        {
            var count = byJob.GetValueOrDefault(job) + after.GetValueOrDefault(job) - before.GetValueOrDefault(job);
            if (count == 0)
            {
                byJob.Remove(job);
            }
            else
            {
                byJob[job] = count;
            }
        }

        if (after.Count == 0)
        {
            byWorker.Remove(worker);
        }
        else
        {
            byWorker[worker] = after;
        }

        return changed;
    }
}
