using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

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
        var sql = $"SELECT processing_jobs.* {db.FromJobAlone} WHERE id = {{0}} AND revision = {{1}} AND phase <> "
            + $"{(int)DeletedJobs.Phase}{db.ForUpdateOfJob}";
        var rows = await db.Jobs.FromSqlRaw(sql, id, change.ExpectedRevision).AsTracking().ToListAsync(cancellationToken);
        if (rows is not [var job] || !await IsCommitted(db, id, change.OnlyIfCommitted, cancellationToken))
        {
            return false;
        }

        if (job.Phase != change.State.Phase)
        {
            if (change.Through is { } passed)
            {
                AddHistory(db, job, change.State with { Phase = passed }, now, detail: null);
            }

            AddHistory(db, job, change.State, now, change.HistoryDetail);
            await ChangeClaim(db, job, change.State, claims, cancellationToken);
        }

        JobRows.SetState(job, change.DropPlan ? await DropPlan(db, change.State, cancellationToken) : change.State);

        if (change.Plan is { } plan)
        {
            db.JobPlans.Add(new JobPlanRow { JobId = id, Plan = Documents.Compress(plan) });
        }

        await ChangePartitions(db, change, now, cancellationToken);
        await OpenPartitions(db, change, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
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
    public static void AddHistory(ClusterDbContext db, ProcessingJob job, JobState state, DateTimeOffset now, string? detail)
    {
        job.HistorySequence++;
        db.JobHistory.Add(new JobHistoryRow
        {
            JobId = job.Id, Sequence = job.HistorySequence, At = now, Phase = state.Phase, Revision = state.Revision,
            Detail = detail,
        });
        if (job.HasCallback)
        {
            db.Outbox.Add(new OutboxRow { JobId = job.Id, Sequence = job.HistorySequence, CreatedAt = now, DueAt = now });
        }
    }

    // A job that has ended gives its folder back; one that is retried must get it again.
    private static Task ChangeClaim(
        ClusterDbContext db, ProcessingJob job, JobState next, OutputClaims claims, CancellationToken cancellationToken) =>
        (job.Phase.IsTerminal(), next.Phase.IsTerminal()) switch
        {
            (false, true) => OutputClaims.Release(db, next.Id, cancellationToken),
            (true, false) => claims.Take(db, next.Id, Documents.Read<JobSpec>(job.Spec), cancellationToken),
            _ => Task.CompletedTask,
        };

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
        var known = await db.Partitions
            .Where(row => row.JobId == change.State.Id.Value && stages.Contains(row.Stage))
            .Select(row => new { row.Stage, row.Partition })
            .ToListAsync(cancellationToken);
        var there = known.Select(row => (row.Stage, row.Partition)).ToHashSet();
        db.Partitions.AddRange(change.OpenPartitions
            .Where(partition => there.Add((partition.Task.Stage, partition.Task.Partition)))
            .Select(PartitionRows.ToRow));
    }
}
