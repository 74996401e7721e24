using System.Diagnostics.Metrics;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Metrics;

/// <summary>
/// Counts the cluster's jobs as they end, from the store, so that it does not matter in which process a job's grain lives. Each
/// is counted once for as long as this process runs; those that ended before it started are not.
/// </summary>
/// <param name="jobs">Where jobs are.</param>
/// <param name="startedAt">
/// When this process began to count: a job of that moment or later is counted, however soon it ends.
/// </param>
internal sealed class JobMeter(IJobStore jobs, DateTimeOffset startedAt)
{
    private const int PageSize = 500;

    /// <summary>
    /// How much later than the time in it a row may be seen: its clock is another machine's, its commit takes a while.
    /// </summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(20);

    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400] };

    private static readonly Counter<long> Ended = ClusterTelemetry.Meter.CreateCounter<long>(
        "orleans_cluster.jobs_ended", "{job}", "Jobs that have ended, by status and operation");

    private static readonly Histogram<double> Duration = ClusterTelemetry.Meter.CreateHistogram(
        "orleans_cluster.job_duration", "s", "Seconds from a job's submit to its end, by status and operation", advice: Seconds);

    private static readonly Histogram<double> Wait = ClusterTelemetry.Meter.CreateHistogram(
        "orleans_cluster.job_queue_wait", "s", "Seconds from a job's submit to its first attempt, by priority", advice: Seconds);

    private readonly HashSet<JobId> open = [];
    private readonly HashSet<JobId> counted = [];
    private DateTimeOffset? seenUntil;

    /// <summary>Counts what has ended since the last call, or since <c>startedAt</c>.</summary>
    /// <returns>Jobs that were counted.</returns>
    public async Task<int> Measure(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (seenUntil is not { } since)
        {
            open.UnionWith((await jobs.ListActive(now, cancellationToken)).Select(job => job.Id));
            since = startedAt;
        }

        var created = await CreatedSince(since, cancellationToken);
        counted.IntersectWith(created);
        open.UnionWith(created.Except(counted));
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

            open.Remove(id);
            counted.Add(id);
        }

        seenUntil = Later(now - Slack, startedAt);
        return ended.Count;
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

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
