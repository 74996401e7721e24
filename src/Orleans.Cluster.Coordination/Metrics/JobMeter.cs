using System.Diagnostics.Metrics;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Metrics;

/// <summary>
/// Counts the cluster's jobs as they end, from the store, so that it does not matter in which process a job's grain lives. Each
/// is counted once for as long as this process runs; those that ended before it started are not.
/// </summary>
internal sealed class JobMeter(IJobStore jobs)
{
    private const int PageSize = 500;

    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400] };

    private static readonly Counter<long> Ended = ClusterTelemetry.Meter.CreateCounter<long>(
        "orleans_cluster.jobs_ended", "{job}", "Jobs that have ended, by status and operation");

    private static readonly Histogram<double> Duration = ClusterTelemetry.Meter.CreateHistogram(
        "orleans_cluster.job_duration", "s", "Seconds from a job's submit to its end, by status and operation", advice: Seconds);

    private static readonly Histogram<double> Wait = ClusterTelemetry.Meter.CreateHistogram(
        "orleans_cluster.job_queue_wait", "s", "Seconds from a job's submit to its first attempt, by priority", advice: Seconds);

    private readonly HashSet<JobId> open = [];
    private DateTimeOffset? seenUntil;

    /// <summary>Counts what has ended since the last call; the first one only notes what goes on.</summary>
    /// <returns>Jobs that were counted.</returns>
    public async Task<int> Measure(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (seenUntil is not { } since)
        {
            open.UnionWith((await jobs.ListActive(now, cancellationToken)).Select(job => job.Id));
            seenUntil = now;
            return 0;
        }

        open.UnionWith(await CreatedSince(since, cancellationToken));
        var phases = await jobs.FindPhases(open, cancellationToken);
        open.IntersectWith(phases.Keys);
        var ended = phases.Where(job => job.Value.IsTerminal()).Select(job => job.Key).ToList();
        foreach (var id in ended)
        {
            // One that was removed meanwhile is not counted: nothing is known of it any more.
            if (await jobs.Find(id, cancellationToken) is { } job)
            {
                Count(job);
            }
        }

        open.ExceptWith(ended);
        seenUntil = now;
        return ended.Count;
    }

    private async Task<List<JobId>> CreatedSince(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var found = new List<JobId>();
        JobId? before = null;
        do
        {
            var page = await jobs.List(
                new JobFilter { PageSize = PageSize, CreatedAfter = since, Before = before }, cancellationToken);
            found.AddRange(page.Jobs.Select(job => job.State.Id));
            before = page.Next;
        }
        while (before is not null);
        return found;
    }

    private static void Count(JobRecord job)
    {
        var state = job.State;
        var status = new KeyValuePair<string, object?>("status", state.Phase.ToString().ToLowerInvariant());
        var operation = new KeyValuePair<string, object?>("operation", job.Spec.Operation.ToString().ToLowerInvariant());
        Ended.Add(1, status, operation);
        if (state.FinishedAt is { } end)
        {
            Duration.Record((end - state.CreatedAt).TotalSeconds, status, operation);
        }

        if (state.StartedAt is { } start)
        {
            Wait.Record(
                (start - state.CreatedAt).TotalSeconds,
                new KeyValuePair<string, object?>("priority", state.Priority.ToString().ToLowerInvariant()));
        }
    }
}
