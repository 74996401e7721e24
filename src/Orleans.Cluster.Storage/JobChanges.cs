using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>What a change has to know of a job's row, which it holds.</summary>
internal readonly record struct HeldJob(string Id, JobPhase Phase, long HistorySequence, bool HasCallback);

/// <summary>One guarded change of a job, inside a transaction.</summary>
internal static class JobChanges
{
    /// <summary>
    /// Takes the job's row first, and with it the right to change everything that belongs to the job: Begin, Commit and End hold
    /// the row in share mode, so none of them is half done while a change is applied.
    /// </summary>
    public static async Task<bool> TryApply(
        ClusterDbContext db, JobChange change, OutputClaims claims, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var id = change.State.Id.Value;
        var sql = $"SELECT phase, history_sequence, has_callback {db.FromJobAlone} "
            + $"WHERE id = @p0 AND revision = @p1 AND phase <> @p2{db.ForUpdateOfJob}";
        var rows = await db.Query(
            sql, row => new HeldJob(id, (JobPhase)row.GetInt32(0), row.GetInt64(1), row.TruthAt(2)), cancellationToken, id,
            change.ExpectedRevision, DeletedJobs.Phase);
        if (rows is not [var job] || !await IsCommitted(db, id, change.OnlyIfCommitted, cancellationToken))
        {
            return false;
        }

        if (job.Phase != change.State.Phase)
        {
            if (change.Through is { } passed)
            {
                job = await AddHistory(db, job, change.State with { Phase = passed }, now, detail: null, cancellationToken);
            }

            job = await AddHistory(db, job, change.State, now, change.HistoryDetail, cancellationToken);
            await ChangeClaim(db, job, change.State, claims, cancellationToken);
        }

        var state = change.DropPlan ? await DropPlan(db, change.State, cancellationToken) : change.State;
        await db.Execute(
            """
            UPDATE processing_jobs
            SET phase = @p1, epoch = @p2, revision = @p3, priority = @p4, finished_at = @p5, deadline_at = @p6,
                artifact_bytes = @p7, state = @p8, history_sequence = @p9
            WHERE id = @p0
            """,
            cancellationToken, id, state.Phase, state.Epoch, state.Revision, state.Priority, state.FinishedAt, state.DeadlineAt,
            state.ArtifactBytes, Documents.Write(state), job.HistorySequence);
        if (change.Plan is { } plan)
        {
            await AddPlan(db, id, plan, cancellationToken);
        }

        await ChangePartitions(db, change, now, cancellationToken);
        await OpenPartitions(db, change, cancellationToken);
        return true;
    }

    // Under the job's row, which whoever invalidates a partition holds as well: what is found here is so until the change is
    // stored.
    private static async Task<bool> IsCommitted(
        ClusterDbContext db, string job, (int Stage, IReadOnlyCollection<AttemptId> Attempts)? condition,
        CancellationToken cancellationToken)
    {
        if (condition is not var (stage, attempts))
        {
            return true;
        }

        var partitions = await db.Partitions
            .Where(row => row.JobId == job && row.Stage == stage && row.State != PartitionState.Split)
            .Select(row => new { row.Partition, row.Attempt, row.State })
            .ToListAsync(cancellationToken);
        return partitions.Count == attempts.Count && partitions.All(row => row.State == PartitionState.Committed)
            && partitions.Select(row => (row.Partition, row.Attempt))
            .ToHashSet().SetEquals(attempts.Select(attempt => (attempt.Task.Partition, attempt.Number)));
    }

    /// <summary>
    /// Adds a line to the history and, for a job with a callback, to the outbox: no change without its event, no event without
    /// its change.
    /// </summary>
    /// <returns>The job with the number of the line.</returns>
    public static async Task<HeldJob> AddHistory(
        ClusterDbContext db, HeldJob job, JobState state, DateTimeOffset now, string? detail, CancellationToken cancellationToken)
    {
        var sequence = job.HistorySequence + 1;
        await db.Execute(
            """
            INSERT INTO job_history (job_id, sequence, "at", phase, revision, detail) VALUES (@p0, @p1, @p2, @p3, @p4, @p5)
            """,
            cancellationToken, job.Id, sequence, now, state.Phase, state.Revision, detail);
        if (job.HasCallback)
        {
            await db.Execute(
                "INSERT INTO outbox (job_id, sequence, created_at, due_at, tries) VALUES (@p0, @p1, @p2, @p2, 0)",
                cancellationToken, job.Id, sequence, now);
        }

        return job with { HistorySequence = sequence };
    }

    public static Task AddPlan(ClusterDbContext db, string job, JobPlan plan, CancellationToken cancellationToken) => db.Execute(
        "INSERT INTO job_plans (job_id, plan) VALUES (@p0, @p1)", cancellationToken, job, Documents.Compress(plan));

    // A job that has ended gives its folder back; one that is retried must get it again.
    private static async Task ChangeClaim(
        ClusterDbContext db, HeldJob job, JobState next, OutputClaims claims, CancellationToken cancellationToken)
    {
        switch (job.Phase.IsTerminal(), next.Phase.IsTerminal())
        {
            case (false, true):
                await OutputClaims.Release(db, next.Id, cancellationToken);
                break;
            case (true, false):
                var spec = await db.Query(
                    "SELECT spec FROM processing_jobs WHERE id = @p0", row => row.GetString(0), cancellationToken, job.Id);
                await claims.Take(db, next.Id, Documents.Read<JobSpec>(spec[0]), cancellationToken);
                break;
        }
    }

    // Numbers of attempts only rise: what an attempt of the plan that goes still writes is in no folder of the next one's.
    private static async Task<JobState> DropPlan(ClusterDbContext db, JobState state, CancellationToken cancellationToken)
    {
        var job = state.Id.Value;
        var most = await db.Partitions.Where(row => row.JobId == job).MaxAsync(row => (int?)row.Attempt, cancellationToken) ?? 0;
        await db.JobPlans.Where(row => row.JobId == job).ExecuteDeleteAsync(cancellationToken);
        await db.Partitions.Where(row => row.JobId == job).ExecuteDeleteAsync(cancellationToken);
        await db.Attempts.Where(row => row.JobId == job).ExecuteDeleteAsync(cancellationToken);
        return state with { AttemptsBefore = Math.Max(state.AttemptsBefore, most) };
    }

    private static async Task ChangePartitions(
        ClusterDbContext db, JobChange change, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var partitions = db.Partitions.Where(row => row.JobId == change.State.Id.Value);
        foreach (var one in change.PartitionChanges)
        {
            await partitions
                .Where(row => row.Stage == one.Task.Stage && row.Partition == one.Task.Partition
                    && row.Attempt == one.ExpectedAttempt && row.State == one.ExpectedState)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.State, one.NewState).SetProperty(row => row.NotBefore, one.NotBefore),
                    cancellationToken);
        }

        if (change.CancelWaiting)
        {
            await partitions.Where(row => row.State == PartitionState.Waiting)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, PartitionState.Cancelled), cancellationToken);
        }

        if (change.CancelRunning)
        {
            await partitions.Where(row => row.State == PartitionState.Running)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, PartitionState.Cancelled), cancellationToken);
            await db.Attempts.Where(row => row.JobId == change.State.Id.Value && row.State == AttemptState.Running)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.State, AttemptState.Cancelled).SetProperty(row => row.EndedAt, now),
                    cancellationToken);
        }

        if (change.ResetUnfinished)
        {
            await partitions.Where(row => row.Losses > 0 || row.Deaths > 0)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.Losses, 0).SetProperty(row => row.Deaths, 0), cancellationToken);
            await partitions.Where(row => row.State == PartitionState.Failed || row.State == PartitionState.Cancelled)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.State, PartitionState.Waiting)
                        .SetProperty(row => row.Epoch, change.State.Epoch)
                        .SetProperty(row => row.Faults, 0)
                        .SetProperty(row => row.Crashes, 0)
                        .SetProperty(row => row.NotBefore, (DateTimeOffset?)null)
                        .SetProperty(row => row.Failure, (string?)null),
                    cancellationToken);
        }
    }

    private static async Task OpenPartitions(ClusterDbContext db, JobChange change, CancellationToken cancellationToken)
    {
        if (change.OpenPartitions.Count == 0)
        {
            return;
        }

        // Nobody adds rows beside us: whoever does holds the job's row.
        var stages = change.OpenPartitions.Select(partition => partition.Task.Stage).Distinct().ToArray();
        var known = await db.Query(
            $"""SELECT stage, "partition" FROM partitions WHERE job_id = @p0 AND stage IN ({Sql.Places(1, stages.Length)})""",
            row => (row.GetInt32(0), row.GetInt32(1)), cancellationToken, [change.State.Id.Value, .. stages]);
        var there = known.ToHashSet();
        await PartitionRows.Add(
            db, change.OpenPartitions.Where(partition => there.Add((partition.Task.Stage, partition.Task.Partition))),
            cancellationToken);
    }
}
