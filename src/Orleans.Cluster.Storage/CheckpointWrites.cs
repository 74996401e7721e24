using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>The guarded changes of partitions, each inside a transaction.</summary>
internal static class CheckpointWrites
{
    // The state as a sum, so that the row is found by its key: the indexes of what runs are full of what did. The job again,
    // though it is held by then, since a statement that holds none does not keep this one from running.
    private const string CommitText =
        """
        UPDATE partitions
        SET state = 2, manifest = @p5, artifact_folder = @p6, rows_in = @p7, rows_out = @p8, bytes_out = @p9,
            quarantined_rows = @p10
        WHERE job_id = @p0 AND stage = @p1 AND "partition" = @p2 AND state + 0 = 1 AND attempt = @p3 AND worker = @p4
            AND EXISTS (SELECT 1 FROM processing_jobs WHERE id = @p0 AND phase IN (@p11, @p12) AND epoch = @p13)
        """;

    // An attempt ends once. The end of one that was given back already keeps its first reason.
    private const string EndText =
        """
        UPDATE attempts SET state = @p4, ended_at = @p5, failure = @p6, cost = @p7
        WHERE job_id = @p0 AND stage = @p1 AND "partition" = @p2 AND number = @p3 AND state = 0
        """;

    // Ends what ends an attempt: only if its output is what the partition has.
    private const string OfCommitted =
        """
        AND EXISTS (
            SELECT 1 FROM partitions
            WHERE job_id = @p0 AND stage = @p1 AND "partition" = @p2 AND state + 0 = 2 AND attempt = @p3)
        """;

    public static async Task<IReadOnlyList<PartitionRecord>> Begin(
        ClusterDbContext db, BeginRequest request, CancellationToken cancellationToken)
    {
        if (!await HoldOpenJob(db, request.Job, request.Epoch, cancellationToken))
        {
            return [];
        }

        var taken = await db.Query(
            BeginText(db), PartitionRows.Read, cancellationToken, request.Job.Value, request.Stage, request.Now, request.Max,
            request.Worker.Value, request.Epoch);
        await db.Insert(
            "attempts", """job_id, stage, "partition", number, worker, state, started_at""",
            [
                .. taken.Select(row => new object?[]
                {
                    row.Task.Job.Value, row.Task.Stage, row.Task.Partition, row.Attempt, request.Worker.Value,
                    AttemptState.Running, request.Now,
                }),
            ],
            cancellationToken);
        return [.. taken.OrderBy(row => PartitionRows.Pad(row.Order), StringComparer.Ordinal)];
    }

    /// <summary>
    /// Takes some of the partitions that wait: of a job, a stage, at a time, how many, for a worker, in an epoch.
    /// </summary>
    /// <remarks>
    /// Rows that another worker is taking right now are left out; MATERIALIZED so that the limit is applied once. A partition
    /// that was committed before a retry, and whose artifact was lost since, still carries the epoch from before: its attempt is
    /// of this one. Both conditions on the state, for the index of live partitions: without the first every row of the stage is
    /// read, and sorted. The rows picked are named by where they are: of a stage that was just written PostgreSQL's statistics
    /// know next to nothing, and it would look for their keys among all rows of the stage.
    /// </remarks>
    public static string BeginText(ClusterDbContext db) =>
        $$"""
        WITH picked AS MATERIALIZED (
            SELECT {{db.RowPlace}} AS row FROM partitions
            WHERE job_id = @p0 AND stage = @p1 AND state IN (0, 1) AND state = 0
                AND (not_before IS NULL OR not_before <= @p2)
            ORDER BY place
            LIMIT @p3{{db.ForUpdateSkipLocked}})
        UPDATE partitions
        SET state = 1, attempt = attempt + 1, worker = @p4, epoch = @p5, not_before = NULL, failure = NULL
        WHERE {{db.RowPlace}} {{db.Among("SELECT row FROM picked")}}
        RETURNING {{PartitionRows.Columns}}
        """;

    /// <summary>
    /// All of a gang or nothing. The rows are counted under their locks before the first is changed, so that nothing has to be
    /// undone.
    /// </summary>
    public static async Task<IReadOnlyList<(WorkerId Worker, AttemptId Attempt)>> BeginGang(
        ClusterDbContext db, GangBegin gang, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!await HoldOpenJob(db, gang.Job, gang.Epoch, cancellationToken))
        {
            return [];
        }

        var wanted = gang.Workers.Sum(part => part.Count);
        var sql =
            $$"""
            SELECT "partition" FROM partitions
            WHERE job_id = @p0 AND stage = @p1 AND state IN (0, 1) AND state = 0
                AND (not_before IS NULL OR not_before <= @p2)
            ORDER BY place
            LIMIT @p3{{db.ForUpdateSkipLocked}}
            """;
        var ready = await db.Query(
            sql, row => row.GetInt32(0), cancellationToken, gang.Job.Value, gang.Stage, now, wanted);
        if (ready.Count < wanted || !await IsWhole(db, gang, wanted, cancellationToken))
        {
            return [];
        }

        var begun = new List<(WorkerId, AttemptId)>();
        foreach (var (worker, count) in gang.Workers)
        {
            var taken = await Begin(
                db, new BeginRequest(gang.Job, gang.Epoch, gang.Stage, count, worker, now), cancellationToken);
            begun.AddRange(taken.Select(partition => (worker, new AttemptId(partition.Task, partition.Attempt))));
        }

        return begun.Count == wanted
            ? begun
            : throw new InvalidOperationException(
                $"{begun.Count} of {wanted} partitions of stage {gang.Stage} of job {gang.Job} began although all were locked.");
    }

    // Whether so many are all that has to begin at once: none of the stage runs, and of halves of one partition the second may
    // wait.
    private static async Task<bool> IsWhole(ClusterDbContext db, GangBegin gang, int wanted, CancellationToken cancellationToken)
    {
        var states = await db.Partitions
            .Where(row => row.JobId == gang.Job.Value && row.Stage == gang.Stage)
            .GroupBy(row => row.State)
            .Select(group => new { State = group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.State, group => group.Count, cancellationToken);
        var waiting = states.GetValueOrDefault(PartitionState.Waiting) - states.GetValueOrDefault(PartitionState.Split);
        return states.GetValueOrDefault(PartitionState.Running) == 0 && waiting <= wanted;
    }

    // They stand with the attempt: manifests are read by whoever plans the next stage, thousands at a time.
    private static TaskManifest WithoutOperators(TaskManifest manifest) =>
        manifest.Cost is { Operators: not null } cost ? manifest with { Cost = cost with { Operators = null } } : manifest;

    public static async Task<CommitAnswer> Commit(ClusterDbContext db, AttemptCommit commit, CancellationToken cancellationToken)
    {
        var (attempt, manifest) = (commit.Attempt, commit.Manifest);
        var task = attempt.Task;
        var changed = await db.ExecuteAll(
            cancellationToken,
            HoldOpenJob(db, task.Job, commit.Epoch),
            (CommitText, [
                task.Job.Value, task.Stage, task.Partition, attempt.Number, commit.Worker.Value,
                Documents.Write(WithoutOperators(manifest)), commit.ArtifactFolder, manifest.RowsIn, manifest.RowsOut,
                manifest.Files.Sum(file => file.Bytes), manifest.QuarantinedRows, JobPhase.Queued, JobPhase.Running,
                commit.Epoch,
            ]),
            ($"{EndText} {OfCommitted}", EndOf(attempt, AttemptState.Committed, commit.Now, null, manifest.Cost)));
        if (changed[1] == 1)
        {
            return CommitAnswer.Committed;
        }

        // The answer of an earlier try may have been lost on its way: what counts is whose output the row names.
        var mine = await Partition(db, task)
            .AnyAsync(row => row.State == PartitionState.Committed && row.Attempt == attempt.Number, cancellationToken);
        return mine ? CommitAnswer.Committed : CommitAnswer.Fenced;
    }

    public static async Task<bool> End(ClusterDbContext db, AttemptEnd end, CancellationToken cancellationToken)
    {
        if (await HoldJob(db, end.Attempt.Task.Job.Value, cancellationToken) is not { } phase)
        {
            return false;
        }

        var (partition, attempt) = end.Failure.Kind switch
        {
            FailureKind.WorkerLost => (GivenBack(phase), AttemptState.Lost),
            FailureKind.Cancelled => (GivenBack(phase), AttemptState.Cancelled),
            _ => (PartitionState.Failed, AttemptState.Failed),
        };
        var faults = end.Failure.Kind.CountsAgainstLimit() ? 1 : 0;
        var crashes = end.Failure.Kind == FailureKind.ExecutorCrashed ? 1 : 0;
        var changed = await Partition(db, end.Attempt.Task)
            .Where(row => row.State == PartitionState.Running && row.Attempt == end.Attempt.Number
                && row.Worker == end.Worker.Value)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.State, partition)
                    .SetProperty(row => row.Faults, row => row.Faults + faults)
                    .SetProperty(row => row.Crashes, row => row.Crashes + crashes)
                    .SetProperty(row => row.Failure, Documents.Write(end.Failure)),
                cancellationToken);
        await EndAttempt(db, end.Attempt, attempt, end.Now, end.Failure, end.Cost, cancellationToken);
        return changed == 1;
    }

    /// <summary>
    /// Gives attempts back whose worker is gone. One that has ended, or is not this worker's, is left as it is.
    /// </summary>
    public static async Task<IReadOnlyList<AttemptId>> Release(
        ClusterDbContext db, WorkerRelease release, CancellationToken cancellationToken)
    {
        var (worker, attempts, now) = (release.Worker, release.Attempts, release.Now);
        var lost = new AttemptFailure(
            FailureKind.WorkerLost, release.HasDied
            ? $"Worker {worker} died."
            : $"Worker {worker} is gone, or did not renew its lease.");
        var released = new List<AttemptId>();

        // Jobs in one order, whoever asks: two releases at once wait for each other at most one way.
        foreach (var job in attempts.GroupBy(attempt => attempt.Task.Job).OrderBy(group => group.Key))
        {
            if (await HoldJob(db, job.Key.Value, cancellationToken) is not { } phase)
            {
                continue;
            }

            foreach (var attempt in job.OrderBy(attempt => attempt.Task.Stage).ThenBy(attempt => attempt.Task.Partition))
            {
                if (await GiveBack(db, attempt, release, GivenBack(phase), lost, cancellationToken))
                {
                    await EndAttempt(db, attempt, AttemptState.Lost, now, lost, cost: null, cancellationToken);
                    released.Add(attempt);
                }
            }
        }

        return released;
    }

    // A worker that died takes part of the blame to the partition: one that takes its whole worker down would otherwise run for
    // ever.
    private static async Task<bool> GiveBack(
        ClusterDbContext db, AttemptId attempt, WorkerRelease release, PartitionState back, AttemptFailure lost,
        CancellationToken cancellationToken)
    {
        var mine = Partition(db, attempt.Task)
            .Where(row => row.State == PartitionState.Running && row.Attempt == attempt.Number
                && row.Worker == release.Worker.Value);
        if (!release.HasDied || back != PartitionState.Waiting)
        {
            return await mine.ExecuteUpdateAsync(
                set => set.SetProperty(row => row.State, back).SetProperty(row => row.Failure, Documents.Write(lost)),
                cancellationToken) == 1;
        }

        var deaths = 1 + (await mine.Select(row => (int?)row.Deaths).SingleOrDefaultAsync(cancellationToken) ?? 0);
        var pause = RetryPolicy.PauseAfterDeath(attempt.Task, attempt.Number, deaths);
        var notBefore = pause > TimeSpan.Zero ? release.Now + pause : (DateTimeOffset?)null;
        var state = deaths >= RetryPolicy.MaxDeaths ? PartitionState.Failed : PartitionState.Waiting;
        return await mine.ExecuteUpdateAsync(
            set => set.SetProperty(row => row.State, state)
                .SetProperty(row => row.Failure, Documents.Write(lost))
                .SetProperty(row => row.Deaths, deaths)
                .SetProperty(row => row.NotBefore, notBefore),
            cancellationToken) == 1;
    }

    /// <summary>Of one whose artifact is lost again and again, the job decides.</summary>
    public static async Task<bool> Invalidate(
        ClusterDbContext db, AttemptId attempt, string why, CancellationToken cancellationToken)
    {
        // A worker that stood still may find the exchanges of an ended job swept: they are not missing to anybody.
        var phase = await HoldJob(db, attempt.Task.Job.Value, cancellationToken);
        if (phase is not (JobPhase.Queued or JobPhase.Running or JobPhase.Publishing))
        {
            return false;
        }

        // What is being shown was copied before; its partitions are what the manifest names, and stay so.
        if (phase == JobPhase.Publishing && await IsShowing(db, attempt.Task.Job.Value, cancellationToken))
        {
            return false;
        }

        var failure = new AttemptFailure(FailureKind.ArtifactLost, why);
        var changed = await Partition(db, attempt.Task)
            .Where(row => row.State == PartitionState.Committed && row.Attempt == attempt.Number)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.State, row => row.Losses + 1 >= RetryPolicy.MaxLosses
                        ? PartitionState.Failed
                        : PartitionState.Waiting)
                    .SetProperty(row => row.Losses, row => row.Losses + 1)
                    .SetProperty(row => row.Failure, Documents.Write(failure))
                    .SetProperty(row => row.Manifest, (string?)null)
                    .SetProperty(row => row.ArtifactFolder, (string?)null)
                    .SetProperty(row => row.NotBefore, (DateTimeOffset?)null)
                    .SetProperty(row => row.RowsIn, 0)
                    .SetProperty(row => row.RowsOut, 0)
                    .SetProperty(row => row.BytesOut, 0)
                    .SetProperty(row => row.QuarantinedRows, 0),
                cancellationToken);
        return changed == 1;
    }

    // A job that is ending has no use for the partition; in every other phase somebody will run it.
    private static PartitionState GivenBack(JobPhase phase) =>
        phase == JobPhase.Cancelling || phase.IsTerminal() ? PartitionState.Cancelled : PartitionState.Waiting;

    // A job is QUEUED until its first attempt has been seen; partitions it has only once it is planned.
    private static async Task<bool> HoldOpenJob(ClusterDbContext db, JobId job, int epoch, CancellationToken cancellationToken)
    {
        var (text, values) = HoldOpenJob(db, job, epoch);
        return (await db.Query(text, row => row.GetInt32(0), cancellationToken, values)).Count == 1;
    }

    private static (string Text, object?[] Values) HoldOpenJob(ClusterDbContext db, JobId job, int epoch) => (
        $"SELECT epoch {db.FromJobShared} WHERE id = @p0 AND phase IN (@p1, @p2) AND epoch = @p3{db.ForShare}",
        [job.Value, JobPhase.Queued, JobPhase.Running, epoch]);

    private static async Task<JobPhase?> HoldJob(ClusterDbContext db, string job, CancellationToken cancellationToken)
    {
        var sql = $"SELECT phase {db.FromJobShared} WHERE id = @p0 AND phase <> @p1{db.ForShare}";
        var rows = await db.Query(sql, row => (JobPhase)row.GetInt32(0), cancellationToken, job, DeletedJobs.Phase);
        return rows is [var phase] ? phase : null;
    }

    private static async Task<bool> IsShowing(ClusterDbContext db, string job, CancellationToken cancellationToken) =>
        Documents.Read<JobState>(await db.Jobs.Where(row => row.Id == job)
            .Select(row => row.State).SingleAsync(cancellationToken)).IsShowing;

    private static IQueryable<PartitionRow> Partition(ClusterDbContext db, TaskId task) => db.Partitions
        .Where(row => row.JobId == task.Job.Value && row.Stage == task.Stage && row.Partition == task.Partition);

    private static Task<int> EndAttempt(
        ClusterDbContext db, AttemptId attempt, AttemptState state, DateTimeOffset now, AttemptFailure? failure, TaskCost? cost,
        CancellationToken cancellationToken) =>
        db.Execute(EndText, cancellationToken, EndOf(attempt, state, now, failure, cost));

    private static object?[] EndOf(
        AttemptId attempt, AttemptState state, DateTimeOffset now, AttemptFailure? failure, TaskCost? cost) =>
    [
        attempt.Task.Job.Value, attempt.Task.Stage, attempt.Task.Partition, attempt.Number, state, now, Documents.Write(failure),
        Documents.Write(cost),
    ];
}
