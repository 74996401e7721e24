using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>The cluster at one moment, as far as its events tell of it.</summary>
/// <param name="At">The moment.</param>
/// <param name="Jobs">The newest jobs, and all that have not ended.</param>
/// <param name="Workers">Workers that report, or did within the hour.</param>
/// <param name="Decisions">Scaling decisions, the latest last.</param>
internal sealed record ClusterPicture(
    DateTimeOffset At, IReadOnlyList<(JobStatus Status, string? Owner)> Jobs, IReadOnlyList<WorkerStatus> Workers,
    IReadOnlyList<ScalingDecision> Decisions)
{
    /// <summary>
    /// What has changed since an earlier moment: names of events and their documents, of the jobs of one owner unless null.
    /// Figures of a worker that change all the time are no event; its state and its busy slots are.
    /// </summary>
    public IEnumerable<(string Name, object Document)> Since(ClusterPicture before, string? owner)
    {
        var revisions = before.Jobs.ToDictionary(job => job.Status.Id, job => job.Status.Revision);
        foreach (var (status, _) in Jobs.Where(job => IsSeen(job.Owner, owner)))
        {
            if (!revisions.TryGetValue(status.Id, out var known) || known != status.Revision)
            {
                yield return ("job", status);
            }
        }

        var workers = before.Workers.ToDictionary(worker => worker.Id);
        foreach (var worker in Workers)
        {
            if (!workers.TryGetValue(worker.Id, out var known) || Sight(known) != Sight(worker))
            {
                yield return ("worker", worker);
            }
        }

        foreach (var decision in Decisions.Except(before.Decisions))
        {
            yield return ("decision", decision);
        }
    }

    /// <summary>
    /// What a client should know that has seen everything before a time: what goes on, and what has ended or been decided since.
    /// </summary>
    public IEnumerable<(string Name, object Document)> From(DateTimeOffset time, string? owner) =>
    [
        .. Jobs.Where(job => IsSeen(job.Owner, owner) && (job.Status.FinishedAt is not { } end || end >= time))
            .Select(job => ("job", (object)job.Status)),
        .. Workers.Select(worker => ("worker", (object)worker)),
        .. Decisions.Where(decision => decision.At >= time).Select(decision => ("decision", (object)decision)),
    ];

    private static bool IsSeen(string? owner, string? seesOnly) => seesOnly is null || owner == seesOnly;

    private static (WorkerState, string?, int, int) Sight(WorkerStatus worker) =>
        (worker.State, worker.Reason, worker.Slots, worker.Busy);
}
