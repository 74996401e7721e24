using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>The job rows. Locks are always taken in the order job, partitions, so that no two transactions can wait for each other.</summary>
internal sealed class JobStore(ClusterDatabase database, OutputClaims claims, TimeProvider clock) : IJobStore
{
    private static readonly TimeSpan IdempotencyKeyLife = TimeSpan.FromHours(24);

    private const int OwnersAtOnce = 500;

    private static readonly JobPhase[] ActivePhases = [.. Enum.GetValues<JobPhase>().Where(phase => !phase.IsTerminal())];

    public async Task<JobRecord> Create(NewJob job, CancellationToken cancellationToken) =>
        await database.Write<JobRecord?>(db => Create(db, job, cancellationToken), null, cancellationToken)
        ?? throw new ClusterException(
            Contracts.ProblemCode.StorageUnavailable, "This process belongs to an earlier run of the cluster and may not accept jobs any more.");

    public Task<JobRecord?> FindByKey(
        string? owner, string key, string? requestHash, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Read(
            async db =>
            {
                var (holder, since) = (owner ?? "", now - IdempotencyKeyLife);
                var entry = await db.IdempotencyKeys.AsNoTracking().SingleOrDefaultAsync(
                    entry => entry.Owner == holder && entry.Key == key && entry.CreatedAt > since, cancellationToken);
                return entry is null ? null
                    : entry.RequestHash == requestHash ? await Find(db, entry.JobId, cancellationToken)
                    : throw KeyReused(entry);
            },
            cancellationToken);

    public Task<JobRecord?> Find(JobId id, CancellationToken cancellationToken) =>
        database.Read(db => Find(db, id.Value, cancellationToken), cancellationToken);

    public async Task<JobPlan?> FindPlan(JobId id, CancellationToken cancellationToken)
    {
        var row = await database.Read(
            db => db.JobPlans.AsNoTracking().SingleOrDefaultAsync(plan => plan.JobId == id.Value, cancellationToken), cancellationToken);
        return row is null ? null : Documents.Decompress<JobPlan>(row.Plan);
    }

    public Task<bool> TryApply(JobChange change, CancellationToken cancellationToken)
    {
        if (change.State.Revision != change.ExpectedRevision + 1)
        {
            throw new ArgumentException(
                $"The new revision of job {change.State.Id} is {change.State.Revision}, not {change.ExpectedRevision} + 1.", nameof(change));
        }

        return database.Write(db => JobChanges.TryApply(db, change, claims, clock.GetUtcNow(), cancellationToken), refused: false, cancellationToken);
    }

    public Task<int> CountActive(string owner, CancellationToken cancellationToken) => database.Read(
        db => db.Jobs.AsNoTracking().CountAsync(job => job.Owner == owner && ActivePhases.Contains(job.Phase), cancellationToken), cancellationToken);

    public async Task<IReadOnlyDictionary<JobId, string?>> FindOwners(IReadOnlyCollection<JobId> ids, CancellationToken cancellationToken)
    {
        var owners = new Dictionary<JobId, string?>();
        foreach (var some in ids.Select(id => id.Value).Chunk(OwnersAtOnce))
        {
            foreach (var row in await database.Read(
                db => db.Jobs.AsNoTracking().Where(job => some.Contains(job.Id)).Select(job => new { job.Id, job.Owner }).ToListAsync(cancellationToken), cancellationToken))
            {
                owners[JobId.Parse(row.Id)] = row.Owner;
            }
        }

        return owners;
    }

    public Task<IReadOnlyList<ActiveJob>> ListActive(DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<ActiveJob>>(
            async db =>
            {
                var backlog = await ListBacklog(db, now, cancellationToken);
                var jobs = await db.Jobs.AsNoTracking()
                    .Where(job => ActivePhases.Contains(job.Phase))
                    .OrderBy(job => job.Id)
                    .Select(job => new
                    {
                        job.Id, job.Phase, job.Priority, job.Epoch, job.CreatedAt, job.Cpu, job.MemoryBytes, job.Gpu, job.Gang,
                        job.DependsOn, job.DeadlineAt,
                    })
                    .ToListAsync(cancellationToken);
                return [.. jobs.Select(job => new ActiveJob(
                    JobId.Parse(job.Id), job.Phase, job.Priority, job.Epoch, job.CreatedAt,
                    new ResourceRequest { Cpu = job.Cpu, MemoryBytes = job.MemoryBytes, Gpu = job.Gpu }, job.Gang,
                    [.. job.DependsOn.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => JobId.Parse(id))],
                    job.DeadlineAt, [.. backlog[job.Id]]))];
            },
            cancellationToken);

    public Task<JobPage> List(JobFilter filter, CancellationToken cancellationToken) =>
        database.Read(
            async db =>
            {
                var rows = await JobQueries.Matching(db, filter)
                    .OrderByDescending(job => job.Id)
                    .Take(filter.PageSize + 1)
                    .Select(job => new { Job = job, HasPlan = db.JobPlans.Any(plan => plan.JobId == job.Id) })
                    .ToListAsync(cancellationToken);
                var page = rows.Take(filter.PageSize).Select(row => JobRows.ToRecord(row.Job, row.HasPlan)).ToList();
                return new JobPage(page, rows.Count > filter.PageSize ? page[^1].State.Id : null);
            },
            cancellationToken);

    public Task<bool> Delete(JobId id, CancellationToken cancellationToken) =>
        database.Write(
            async db =>
            {
                var gone = await db.Jobs
                    .Where(job => job.Id == id.Value && !ActivePhases.Contains(job.Phase))
                    .ExecuteDeleteAsync(cancellationToken);
                if (gone == 0)
                {
                    return false;
                }

                await db.IdempotencyKeys.Where(key => key.JobId == id.Value).ExecuteDeleteAsync(cancellationToken);
                return true;
            },
            refused: false,
            cancellationToken);

    public Task<IReadOnlyList<HistoryEntry>> ListHistory(JobId id, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<HistoryEntry>>(
            async db => await db.JobHistory.AsNoTracking()
                .Where(entry => entry.JobId == id.Value)
                .OrderBy(entry => entry.Sequence)
                .Select(entry => new HistoryEntry(entry.Sequence, entry.At, entry.Phase, entry.Revision, entry.Detail))
                .ToListAsync(cancellationToken),
            cancellationToken);

    public Task<IReadOnlyDictionary<JobId, JobPhase>> FindPhases(IReadOnlyCollection<JobId> ids, CancellationToken cancellationToken)
    {
        var texts = ids.Select(id => id.Value).Distinct().ToArray();
        return database.Read<IReadOnlyDictionary<JobId, JobPhase>>(
            async db => await db.Jobs.AsNoTracking()
                .Where(job => texts.Contains(job.Id))
                .Select(job => new { job.Id, job.Phase })
                .ToDictionaryAsync(job => JobId.Parse(job.Id), job => job.Phase, cancellationToken),
            cancellationToken);
    }

    public async Task<bool> Ping(CancellationToken cancellationToken)
    {
        try
        {
            return await database.Read(db => db.ClusterEpoch.AnyAsync(cancellationToken), cancellationToken);
        }
        catch (Exception e) when (e is StorageUnavailableException or System.Data.Common.DbException or InvalidOperationException)
        {
            return false; // No connection, or no tables: either way nothing can be stored, and that is all the question.
        }
    }

    private static async Task<JobRecord?> Find(ClusterDbContext db, string id, CancellationToken cancellationToken)
    {
        var found = await db.Jobs.AsNoTracking()
            .Where(job => job.Id == id)
            .Select(job => new { Job = job, HasPlan = db.JobPlans.Any(plan => plan.JobId == job.Id) })
            .SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : JobRows.ToRecord(found.Job, found.HasPlan);
    }

    private async Task<JobRecord?> Create(ClusterDbContext db, NewJob job, CancellationToken cancellationToken)
    {
        var id = job.State.Id.Value;
        if (job.IdempotencyKey is { } key && await ClaimKey(db, job, key, cancellationToken) is { } owner)
        {
            // No row: the earlier job was deleted since, between the two statements. The next try gets the key.
            return await Find(db, owner, cancellationToken)
                ?? throw new ClusterException(Contracts.ProblemCode.IdempotencyInFlight, "The job of this key is being deleted.");
        }

        // The id is the caller's own: a row with it is this same request, whose first answer was lost.
        if (await Find(db, id, cancellationToken) is { } stored)
        {
            return stored;
        }

        var row = JobRows.ToRow(job);
        db.Jobs.Add(row);
        db.JobLabels.AddRange(job.Spec.Labels.Select(label => new JobLabel { JobId = id, Key = label.Key, Value = label.Value }));
        JobChanges.AddHistory(db, row, job.State, job.State.CreatedAt, detail: null);
        if (job.Plan is { } plan)
        {
            db.JobPlans.Add(new JobPlanRow { JobId = id, Plan = Documents.Compress(plan) });
        }

        await db.SaveChangesAsync(cancellationToken);
        await claims.Take(db, job.State.Id, job.Spec, cancellationToken);
        return JobRows.ToRecord(row, job.Plan is not null);
    }

    /// <returns>The job that has the key, or null when it is this one's now. Of many at once, all but one wait here for the one.</returns>
    private static async Task<string?> ClaimKey(ClusterDbContext db, NewJob job, string key, CancellationToken cancellationToken)
    {
        var owner = job.Owner ?? "";
        var id = job.State.Id.Value;
        var now = job.State.CreatedAt.ToUnixTimeMilliseconds();
        var expired = (job.State.CreatedAt - IdempotencyKeyLife).ToUnixTimeMilliseconds();
        var claimed = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO idempotency_keys (owner, key, job_id, request_hash, created_at)
            VALUES ({owner}, {key}, {id}, {job.RequestHash}, {now})
            ON CONFLICT (owner, key) DO UPDATE
            SET job_id = excluded.job_id, request_hash = excluded.request_hash, created_at = excluded.created_at
            WHERE idempotency_keys.created_at <= {expired}
            """,
            cancellationToken);
        if (claimed == 1)
        {
            return null;
        }

        var earlier = await db.IdempotencyKeys.AsNoTracking()
            .SingleAsync(entry => entry.Owner == owner && entry.Key == key, cancellationToken);
        return earlier.RequestHash == job.RequestHash
            ? earlier.JobId
            : throw KeyReused(earlier);
    }

    private static ClusterException KeyReused(IdempotencyKey earlier) => new(
        Contracts.ProblemCode.IdempotencyKeyReused, $"The key '{earlier.Key}' was used at {earlier.CreatedAt:O} with another request.",
        "Use a new key for a new request.");

    /// <summary>
    /// Counts over the index of live partitions, which committed ones are not in. Those that back off are few and have an index of their own:
    /// asking each waiting row for its time would double the cost of counting a million.
    /// </summary>
    private static async Task<ILookup<string, StageBacklog>> ListBacklog(
        ClusterDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var counts = await db.Database.SqlQueryRaw<LiveCount>(
            """
            SELECT job_id AS "JobId", stage AS "Stage", state AS "State", CAST(COUNT(*) AS INTEGER) AS "Count"
            FROM partitions
            WHERE state IN (0, 1)
            GROUP BY job_id, stage, state
            """).ToListAsync(cancellationToken);
        var backingOff = await db.Database.SqlQuery<BackingOff>(
            $"""
            SELECT job_id AS "JobId", stage AS "Stage", CAST(COUNT(*) AS INTEGER) AS "Count", MIN(not_before) AS "Next"
            FROM partitions
            WHERE state = 0 AND not_before IS NOT NULL AND not_before > {now.ToUnixTimeMilliseconds()}
            GROUP BY job_id, stage
            """).ToDictionaryAsync(row => (row.JobId, row.Stage), cancellationToken);

        // Few jobs are gangs; the rows of the others are not looked at.
        var split = await db.Database.SqlQueryRaw<LiveCount>(
            """
            SELECT job_id AS "JobId", stage AS "Stage", state AS "State", CAST(COUNT(*) AS INTEGER) AS "Count"
            FROM partitions
            WHERE state = 4 AND job_id IN (SELECT id FROM processing_jobs WHERE gang AND phase = {0})
            GROUP BY job_id, stage, state
            """,
            (int)JobPhase.Running).ToDictionaryAsync(row => (row.JobId, row.Stage), row => row.Count, cancellationToken);
        return counts
            .GroupBy(row => (row.JobId, row.Stage))
            .OrderBy(stage => stage.Key.Stage)
            .ToLookup(stage => stage.Key.JobId, stage => ToBacklog(
                stage, backingOff.GetValueOrDefault(stage.Key), split.GetValueOrDefault(stage.Key)));
    }

    // The two counts are of two moments: what began to back off in between is not ready in either.
    private static StageBacklog ToBacklog(IGrouping<(string Job, int Stage), LiveCount> stage, BackingOff? backingOff, int split)
    {
        int Of(PartitionState state) => stage.Where(row => row.State == (int)state).Sum(row => row.Count);
        var waiting = Of(PartitionState.Waiting);
        var later = Math.Min(waiting, backingOff?.Count ?? 0);
        return new StageBacklog(
            stage.Key.Stage, waiting - later, later, Of(PartitionState.Running),
            later > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(backingOff!.Next) : null, split);
    }

    private sealed record LiveCount(string JobId, int Stage, int State, int Count);

    private sealed record BackingOff(string JobId, int Stage, int Count, long Next);
}
