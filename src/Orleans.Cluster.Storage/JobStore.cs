using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>
/// The job rows. Locks are always taken in the order job, partitions, so that no two transactions can wait for each other.
/// </summary>
internal sealed class JobStore(ClusterDatabase database, OutputClaims claims, TimeProvider clock) : IJobStore
{
    private static readonly TimeSpan IdempotencyKeyLife = TimeSpan.FromHours(24);

    private const int OwnersAtOnce = 500;

    public async Task<JobRecord> Create(NewJob job, CancellationToken cancellationToken) =>
        await database.Write<JobRecord?>(db => Create(db, job, cancellationToken), null, cancellationToken)
        ?? throw new ClusterException(
            Contracts.ProblemCode.StorageUnavailable,
            "This process belongs to an earlier run of the cluster and may not accept jobs any more.");

    public Task<JobRecord?> FindByKey(
        string? owner, string key, string? requestHash, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Read(
            async db =>
            {
                var (holder, since) = (owner ?? "", now - IdempotencyKeyLife);
                var entry = await db.IdempotencyKeys.AsNoTracking().SingleOrDefaultAsync(
                    entry => entry.Owner == holder && entry.Key == key && entry.CreatedAt > since, cancellationToken);
                return entry is null || await Find(db, entry.JobId, cancellationToken) is not { } earlier ? null
                    : entry.RequestHash == requestHash ? earlier
                    : throw KeyReused(entry);
            },
            cancellationToken);

    public Task<JobRecord?> Find(JobId id, CancellationToken cancellationToken) =>
        database.Read(db => Find(db, id.Value, cancellationToken), cancellationToken);

    public async Task<JobPlan?> FindPlan(JobId id, CancellationToken cancellationToken)
    {
        var plans = await database.Read(
            db => db.Query(
                "SELECT plan FROM job_plans WHERE job_id = @p0", row => (byte[])row.GetValue(0), cancellationToken, id.Value),
            cancellationToken);
        return plans is [var plan] ? Documents.Decompress<JobPlan>(plan) : null;
    }

    public Task<bool> TryApply(JobChange change, CancellationToken cancellationToken)
    {
        if (change.State.Revision != change.ExpectedRevision + 1)
        {
            throw new ArgumentException(
                $"The new revision of job {change.State.Id} is {change.State.Revision}, not {change.ExpectedRevision} + 1.",
                nameof(change));
        }

        return database.Write(
            db => JobChanges.TryApply(db, change, claims, clock.GetUtcNow(), cancellationToken), refused: false,
            cancellationToken);
    }

    public Task<int> CountActive(string owner, CancellationToken cancellationToken) => database.Read(
        db => db.Jobs.AsNoTracking()
        .CountAsync(job => job.Owner == owner && ActiveJobs.Phases.Contains(job.Phase), cancellationToken), cancellationToken);

    // States and bounds stand in the texts: parameters would keep the partial indexes out of use.
    public Task<long> CountWaiting(string owner, CancellationToken cancellationToken)
    {
        var sql =
            $$"""
            SELECT CAST(COUNT(*) AS BIGINT) AS "Value" FROM partitions
            WHERE state IN (0, 1) AND state = {{(int)PartitionState.Waiting}}
                AND job_id IN (SELECT id FROM processing_jobs WHERE owner = {0} AND phase IN ({{ActiveJobs.PhaseList}}))
            """;
        return database.Read(db => db.Database.SqlQueryRaw<long>(sql, owner).SingleAsync(cancellationToken), cancellationToken);
    }

    public Task<long> SumArtifacts(string owner, DateTimeOffset endedAfter, CancellationToken cancellationToken)
    {
        var sql =
            $$"""
            SELECT CAST(COALESCE(SUM(artifact_bytes), 0) AS BIGINT) AS "Value" FROM processing_jobs
            WHERE artifact_bytes > 0 AND owner = {0} AND (finished_at IS NULL OR finished_at > {1})
                AND phase <> {{(int)DeletedJobs.Phase}}
            """;
        var since = endedAfter.ToUnixTimeMilliseconds();
        return database.Read(
            db => db.Database.SqlQueryRaw<long>(sql, owner, since).SingleAsync(cancellationToken), cancellationToken);
    }

    public async Task<IReadOnlyDictionary<JobId, string?>> FindOwners(
        IReadOnlyCollection<JobId> ids, CancellationToken cancellationToken)
    {
        var owners = new Dictionary<JobId, string?>();
        foreach (var some in ids.Select(id => id.Value).Chunk(OwnersAtOnce))
        {
            foreach (var row in await database.Read(
                db => db.Jobs.AsNoTracking()
                .Visible()
                .Where(job => some.Contains(job.Id)).Select(job => new { job.Id, job.Owner }).ToListAsync(cancellationToken),
                cancellationToken))
            {
                owners[JobId.Parse(row.Id)] = row.Owner;
            }
        }

        return owners;
    }

    public Task<IReadOnlyList<ActiveJob>> ListActive(DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Read(db => ActiveJobs.List(db, null, now, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<ActiveJob>> ListActive(
        IReadOnlyCollection<JobId> ids, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Read(db => ActiveJobs.List(db, ids, now, cancellationToken), cancellationToken);

    public Task<int> CountActive(CancellationToken cancellationToken) =>
        database.Read(
            db => db.Jobs.CountAsync(job => ActiveJobs.Phases.Contains(job.Phase), cancellationToken), cancellationToken);

    public Task<IReadOnlyList<JobId>> ListActiveOf(string owner, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<JobId>>(
            async db =>
            {
                var ids = await db.Jobs.Where(job => ActiveJobs.Phases.Contains(job.Phase) && job.Owner == owner)
                    .Select(job => job.Id).ToListAsync(cancellationToken);
                return [.. ids.Select(id => JobId.Parse(id))];
            },
            cancellationToken);

    public Task<IReadOnlySet<JobId>> ListDependencies(CancellationToken cancellationToken) =>
        database.Read<IReadOnlySet<JobId>>(
            async db =>
            {
                var lists = await db.Jobs.Where(job => ActiveJobs.Phases.Contains(job.Phase) && job.DependsOn != "")
                    .Select(job => job.DependsOn).Distinct().ToListAsync(cancellationToken);
                return lists.SelectMany(ActiveJobs.ReadDependencies).ToHashSet();
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
            async db => await DeletedJobs.Hide(db, [id.Value], cancellationToken) == 1,
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

    public Task<IReadOnlyDictionary<JobId, JobPhase>> FindPhases(
        IReadOnlyCollection<JobId> ids, CancellationToken cancellationToken)
    {
        var texts = ids.Select(id => id.Value).Distinct().ToArray();
        return database.Read<IReadOnlyDictionary<JobId, JobPhase>>(
            async db => await db.Jobs.AsNoTracking().Visible()
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
        var found = await db.Query(
            """
            SELECT state, spec, owner, EXISTS (SELECT 1 FROM job_plans WHERE job_id = @p0) FROM processing_jobs
            WHERE id = @p0 AND phase <> @p1
            """,
            row => new JobRecord(
                Documents.Read<JobState>(row.GetString(0)), Documents.Read<JobSpec>(row.GetString(1)), row.TextAt(2),
                row.TruthAt(3)),
            cancellationToken, id, DeletedJobs.Phase);
        return found is [var job] ? job : null;
    }

    private async Task<JobRecord?> Create(ClusterDbContext db, NewJob job, CancellationToken cancellationToken)
    {
        var id = job.State.Id.Value;
        if (job.IdempotencyKey is { } key && await ClaimKey(db, job, key, cancellationToken) is { } owner)
        {
            if (await Find(db, owner, cancellationToken) is { } earlier)
            {
                return earlier;
            }

            // Its job is gone, by retention or on request: the key stands for nothing any more.
            if (await db.IdempotencyKeys.Where(entry => entry.Owner == (job.Owner ?? "") && entry.Key == key
                && entry.JobId == owner)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(entry => entry.JobId, id).SetProperty(entry => entry.RequestHash, job.RequestHash)
                        .SetProperty(entry => entry.CreatedAt, job.State.CreatedAt),
                    cancellationToken) == 0)
            {
                throw new ClusterException(
                    Contracts.ProblemCode.IdempotencyInFlight, $"A request with the key '{key}' is still being handled.",
                    "Send it again in a moment.");
            }
        }

        // The id is the caller's own: a row with it is this same request, whose first answer was lost.
        if (await Find(db, id, cancellationToken) is { } stored)
        {
            return stored;
        }

        await JobRows.Add(db, job, cancellationToken);
        await db.Insert(
            "job_labels", "job_id, key, value",
            [.. job.Spec.Labels.Select(label => new object?[] { id, label.Key, label.Value })], cancellationToken);
        var held = new HeldJob(id, job.State.Phase, JobRows.FirstLine - 1, job.Spec.Callback is not null);
        await JobChanges.AddHistory(db, held, job.State, job.State.CreatedAt, detail: null, cancellationToken);
        if (job.Plan is { } plan)
        {
            await JobChanges.AddPlan(db, id, plan, cancellationToken);
        }

        await claims.Take(db, job.State.Id, job.Spec, cancellationToken);
        return new JobRecord(job.State, job.Spec, job.Owner, job.Plan is not null);
    }

    /// <returns>
    /// The job that has the key, or null when it is this one's now. Of many at once, all but one wait here for the one.
    /// </returns>
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
        return earlier.RequestHash == job.RequestHash || await Find(db, earlier.JobId, cancellationToken) is null
            ? earlier.JobId
            : throw KeyReused(earlier);
    }

    private static ClusterException KeyReused(IdempotencyKey earlier) => new(
        Contracts.ProblemCode.IdempotencyKeyReused,
        $"The key '{earlier.Key}' was used at {earlier.CreatedAt:u} with another request.",
        "Use a new key for a new request.");
}
