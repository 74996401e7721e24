using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Partitions and attempts. What changes a partition first takes its job's row in share mode: the job's phase and epoch then hold
/// until the change is stored, and transactions always lock in the order job, partitions.
/// </summary>
internal sealed class CheckpointStore(ClusterDatabase database) : ICheckpointStore
{
    public Task<IReadOnlyList<PartitionRecord>> Begin(BeginRequest request, CancellationToken cancellationToken) =>
        database.Write(db => CheckpointWrites.Begin(db, request, cancellationToken), [], cancellationToken);

    public Task<IReadOnlyList<(WorkerId Worker, AttemptId Attempt)>> BeginGang(
        GangBegin gang, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Write(db => CheckpointWrites.BeginGang(db, gang, now, cancellationToken), [], cancellationToken);

    public Task<CommitAnswer> Commit(AttemptCommit commit, CancellationToken cancellationToken) =>
        database.Write(db => CheckpointWrites.Commit(db, commit, cancellationToken), CommitAnswer.Fenced, cancellationToken);

    public Task<bool> End(AttemptEnd end, CancellationToken cancellationToken) =>
        database.Write(db => CheckpointWrites.End(db, end, cancellationToken), refused: false, cancellationToken);

    public Task<IReadOnlyList<AttemptId>> ReleaseWorker(
        WorkerId worker, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Write<IReadOnlyList<AttemptId>>(
            async db =>
            {
                var held = await HeldBy(db, worker).ToListAsync(cancellationToken);
                return await CheckpointWrites.Release(
                    db, new WorkerRelease(worker, [.. held.Select(AttemptOf)], now), cancellationToken);
            },
            [],
            cancellationToken);

    public Task<IReadOnlyList<AttemptId>> Release(WorkerRelease release, CancellationToken cancellationToken) =>
        database.Write(db => CheckpointWrites.Release(db, release, cancellationToken), [], cancellationToken);

    public Task<bool> Invalidate(AttemptId attempt, string why, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Write(db => CheckpointWrites.Invalidate(db, attempt, why, cancellationToken), refused: false, cancellationToken);

    public Task<IReadOnlyDictionary<WorkerId, int>> ListHolders(CancellationToken cancellationToken) =>
        database.Read<IReadOnlyDictionary<WorkerId, int>>(
            async db => await db.Partitions
                .Where(row => row.State == PartitionState.Running)
                .GroupBy(row => row.Worker!)
                .Select(group => new { Worker = group.Key, Count = group.Count() })
                .ToDictionaryAsync(holder => new WorkerId(holder.Worker), holder => holder.Count, cancellationToken),
            cancellationToken);

    public Task<IReadOnlyList<AttemptId>> ListHeld(WorkerId worker, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<AttemptId>>(
            async db =>
            {
                var held = await HeldBy(db, worker).ToListAsync(cancellationToken);
                return [.. held.Select(AttemptOf)];
            },
            cancellationToken);

    public Task<PartitionRecord?> Find(TaskId task, CancellationToken cancellationToken) =>
        database.Read(
            async db => (await db.Query(
                $"""
                SELECT {PartitionRows.Columns} FROM partitions WHERE job_id = @p0 AND stage = @p1 AND "partition" = @p2
                """,
                PartitionRows.Read, cancellationToken, task.Job.Value, task.Stage, task.Partition)).SingleOrDefault(),
            cancellationToken);

    public Task<IReadOnlyList<PartitionRecord>> List(JobId job, int? stage, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<PartitionRecord>>(
            async db => await db.Query(
                $"""
                SELECT {PartitionRows.Columns} FROM partitions WHERE job_id = @p0{(stage is null ? "" : " AND stage = @p1")}
                ORDER BY stage, place
                """,
                PartitionRows.Read, cancellationToken, stage is { } only ? [job.Value, only] : [job.Value]),
            cancellationToken);

    public async Task<IReadOnlyList<PartitionRecord>> ListSome(
        JobId job, int stage, IReadOnlyCollection<int> partitions, CancellationToken cancellationToken)
    {
        var found = new List<PartitionRecord>();
        foreach (var chunk in partitions.Chunk(500))
        {
            found.AddRange(
                await ListWhere(
                    job, rows => rows.Where(row => row.Stage == stage && chunk.Contains(row.Partition)), cancellationToken));
        }

        return found;
    }

    public Task<IReadOnlyList<PartitionVersion>> ListVersions(JobId job, int stage, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<PartitionVersion>>(
            async db => await db.Partitions.Where(row => row.JobId == job.Value && row.Stage == stage)
                .OrderBy(row => row.Partition)
                .Select(row => new PartitionVersion(row.Partition, row.Attempt, row.State))
                .ToListAsync(cancellationToken),
            cancellationToken);

    public Task<IReadOnlyList<PartitionRecord>> ListFailed(JobId job, CancellationToken cancellationToken) =>
        ListWhere(job, rows => rows.Where(row => row.State == PartitionState.Failed), cancellationToken);

    public Task<IReadOnlyList<StageTally>> Tally(JobId job, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<StageTally>>(
            async db => await db.Query(
                """
                SELECT stage,
                    COUNT(CASE WHEN state <> 4 THEN 1 END), COUNT(CASE WHEN state = 0 THEN 1 END),
                    COUNT(CASE WHEN state = 1 THEN 1 END), COUNT(CASE WHEN state = 2 THEN 1 END),
                    COUNT(CASE WHEN state = 3 THEN 1 END), COUNT(CASE WHEN state = 5 THEN 1 END),
                    SUM(CASE WHEN attempt > 1 THEN attempt - 1 ELSE 0 END),
                    CAST(SUM(CASE WHEN state <> 4 THEN bytes ELSE 0 END) AS BIGINT),
                    CAST(SUM(CASE WHEN state = 2 THEN bytes ELSE 0 END) AS BIGINT),
                    CAST(SUM(rows_in) AS BIGINT), CAST(SUM(rows_out) AS BIGINT), CAST(SUM(bytes_out) AS BIGINT),
                    CAST(SUM(quarantined_rows) AS BIGINT), COUNT(CASE WHEN state = 4 THEN 1 END)
                FROM partitions
                WHERE job_id = @p0
                GROUP BY stage
                ORDER BY stage
                """,
                static row => new StageTally(
                    row.GetInt32(0), (int)row.GetInt64(1), (int)row.GetInt64(2), (int)row.GetInt64(3), (int)row.GetInt64(4),
                    (int)row.GetInt64(5), (int)row.GetInt64(6), (int)row.GetInt64(7), row.GetInt64(8), row.GetInt64(9),
                    row.GetInt64(10), row.GetInt64(11), row.GetInt64(12), row.GetInt64(13), (int)row.GetInt64(14)),
                cancellationToken, job.Value),
            cancellationToken);

    public Task<DateTimeOffset?> FindFirstStart(JobId job, DateTimeOffset? since, CancellationToken cancellationToken) =>
        database.Read(
            async db => (await db.Query(
                "SELECT MIN(started_at) FROM attempts WHERE job_id = @p0 AND started_at >= @p1", row => row.TimeAt(0),
                cancellationToken, job.Value, since ?? DateTimeOffset.UnixEpoch))[0],
            cancellationToken);

    public Task<IReadOnlyList<(AttemptId Attempt, WorkerId Worker)>> ListRunning(
        JobId job, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<(AttemptId, WorkerId)>>(
            async db => await db.Query(
                """
                SELECT stage, "partition", attempt, worker FROM partitions
                WHERE job_id = @p0 AND state IN (0, 1) AND state = 1
                ORDER BY stage, "partition"
                """,
                row => (new AttemptId(new TaskId(job, row.GetInt32(0), row.GetInt32(1)), row.GetInt32(2)),
                    new WorkerId(row.GetString(3))),
                cancellationToken, job.Value),
            cancellationToken);

    public Task<IReadOnlyList<(PartitionRecord Partition, IReadOnlyList<AttemptRecord> Attempts)>> ListWithAttempts(
        JobId job, int? stage, (int Stage, int Partition)? after, int pageSize, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<(PartitionRecord, IReadOnlyList<AttemptRecord>)>>(
            async db =>
            {
                var (afterStage, afterPartition) = after ?? (-1, -1);
                var page = await db.Partitions.AsNoTracking()
                    .Where(row => row.JobId == job.Value && (stage == null || row.Stage == stage))
                    .Where(row => row.Stage > afterStage || (row.Stage == afterStage && row.Partition > afterPartition))
                    .OrderBy(row => row.Stage).ThenBy(row => row.Partition)
                    .Take(pageSize)
                    .ToListAsync(cancellationToken);
                if (page.Count == 0)
                {
                    return [];
                }

                var (first, last) = (page[0], page[^1]);
                var attempts = await db.Attempts.AsNoTracking()
                    .Where(row => row.JobId == job.Value)
                    .Where(row => row.Stage > first.Stage || (row.Stage == first.Stage && row.Partition >= first.Partition))
                    .Where(row => row.Stage < last.Stage || (row.Stage == last.Stage && row.Partition <= last.Partition))
                    .OrderBy(row => row.Number)
                    .ToListAsync(cancellationToken);
                var byPartition = attempts.ToLookup(row => (row.Stage, row.Partition), PartitionRows.ToRecord);
                return
                [
                    .. page.Select(row =>
                        (PartitionRows.ToRecord(row),
                            (IReadOnlyList<AttemptRecord>)[.. byPartition[(row.Stage, row.Partition)]])),
                ];
            },
            cancellationToken);

    public Task<IReadOnlySet<string>> ListNeededFolders(JobId job, CancellationToken cancellationToken) =>
        database.Read<IReadOnlySet<string>>(
            async db =>
            {
                var rows = await db.Partitions.AsNoTracking()
                    .Where(row => row.JobId == job.Value
                        && (row.State == PartitionState.Running || row.State == PartitionState.Committed))
                    .Select(row => new { row.State, row.Stage, row.Partition, row.Attempt, row.ArtifactFolder })
                    .ToListAsync(cancellationToken);
                return rows
                    .Select(row => row.State == PartitionState.Committed && row.ArtifactFolder is { } folder
                        ? folder
                        : new AttemptId(new TaskId(job, row.Stage, row.Partition), row.Attempt).ToString())
                    .ToHashSet();
            },
            cancellationToken);

    private static IQueryable<PartitionRow> HeldBy(ClusterDbContext db, WorkerId worker) => db.Partitions.AsNoTracking()
        .Where(row => row.Worker == worker.Value && row.State == PartitionState.Running)
        .OrderBy(row => row.JobId).ThenBy(row => row.Stage).ThenBy(row => row.Partition);

    private static AttemptId AttemptOf(PartitionRow row) => new(PartitionRows.TaskOf(row), row.Attempt);

    private Task<IReadOnlyList<PartitionRecord>> ListWhere(
        JobId job, Func<IQueryable<PartitionRow>, IQueryable<PartitionRow>> which, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<PartitionRecord>>(
            async db =>
            {
                var rows = await which(db.Partitions.AsNoTracking().Where(row => row.JobId == job.Value))
                    .OrderBy(row => row.Stage).ThenBy(row => row.Place)
                    .ToListAsync(cancellationToken);
                return [.. rows.Select(PartitionRows.ToRecord)];
            },
            cancellationToken);
}
