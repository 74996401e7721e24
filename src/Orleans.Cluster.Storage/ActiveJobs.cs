using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Non-terminal jobs with what waits and runs of each: all of them, or some by their id, which costs what these cost.
/// </summary>
internal static class ActiveJobs
{
    /// <summary>Phases that are no end.</summary>
    public static readonly JobPhase[] Phases = [.. Enum.GetValues<JobPhase>().Where(phase => !phase.IsTerminal())];

    /// <summary>The jobs; of the list alone when there is one.</summary>
    public static async Task<IReadOnlyList<ActiveJob>> List(
        ClusterDbContext db, IReadOnlyCollection<JobId>? only, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string[]? ids = only is null ? null : [.. only.Select(id => id.Value)];
        if (ids is [])
        {
            return [];
        }

        var (live, backingOff) = await ListLive(db, ids, now, cancellationToken);
        var rows = db.Jobs.AsNoTracking().Where(job => Phases.Contains(job.Phase));
        var jobs = await (ids is null ? rows : rows.Where(job => ids.Contains(job.Id)))
            .OrderBy(job => job.Id)
            .Select(job => new
            {
                job.Id, job.Phase, job.Priority, job.Epoch, job.CreatedAt, job.Cpu, job.MemoryBytes, job.Gpu, job.Gang,
                job.DependsOn, job.DeadlineAt, job.Owner,
            })
            .ToListAsync(cancellationToken);
        var gangs = jobs.Where(job => job.Gang).Select(job => job.Id).ToHashSet();
        var split = live.Exists(row => gangs.Contains(row.JobId)) ? await CountSplit(db, ids, cancellationToken) : [];
        var backlog = live
            .GroupBy(row => (row.JobId, row.Stage))
            .OrderBy(stage => stage.Key.Stage)
            .ToLookup(stage => stage.Key.JobId, stage => ToBacklog(
                stage, backingOff.GetValueOrDefault(stage.Key), split.GetValueOrDefault(stage.Key)));
        return
        [
            .. jobs.Select(job => new ActiveJob(
                JobId.Parse(job.Id), job.Phase, job.Priority, job.Epoch, job.CreatedAt,
                new ResourceRequest { Cpu = job.Cpu, MemoryBytes = job.MemoryBytes, Gpu = job.Gpu }, job.Gang,
                [.. ReadDependencies(job.DependsOn)], job.DeadlineAt, [.. backlog[job.Id]])
            {
                Owner = job.Owner,
            }),
        ];
    }

    /// <summary>Ids of a row's list.</summary>
    public static IEnumerable<JobId> ReadDependencies(string list) =>
        list.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => JobId.Parse(id));

    /// <summary>
    /// Counts over the index of live partitions, which committed ones are not in. Those that back off are few and have an index
    /// of their own: asking each waiting row for its time would double the cost of counting a million. Only what waits backs off.
    /// </summary>
    private static async Task<(List<LiveCount> Live, Dictionary<(string Job, int Stage), BackingOff> BackingOff)> ListLive(
        ClusterDbContext db, string[]? ids, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The states stand in the text: a parameter would keep the partial indexes out of use.
        var counts =
            $"""
            SELECT job_id AS "JobId", stage AS "Stage", state AS "State", CAST(COUNT(*) AS INTEGER) AS "Count"
            FROM partitions
            WHERE state IN (0, 1){Among(ids)}
            GROUP BY job_id, stage, state
            """;
        var live = await db.Database.SqlQueryRaw<LiveCount>(counts, ids ?? []).ToListAsync(cancellationToken);
        if (!live.Exists(row => row.State == (int)PartitionState.Waiting))
        {
            return (live, []);
        }

        object[] parameters = [.. ids ?? [], now.ToUnixTimeMilliseconds()];
        var later =
            $"""
            SELECT job_id AS "JobId", stage AS "Stage", CAST(COUNT(*) AS INTEGER) AS "Count", MIN(not_before) AS "Next"
            FROM partitions
            WHERE state = 0 AND not_before IS NOT NULL AND not_before > {Place(parameters.Length - 1)}{Among(ids)}
            GROUP BY job_id, stage
            """;
        return (live, await db.Database.SqlQueryRaw<BackingOff>(later, parameters)
            .ToDictionaryAsync(row => (row.JobId, row.Stage), cancellationToken));
    }

    // Few jobs are gangs; the rows of the others are not looked at. Of some jobs by their id, no other job is.
    private static Task<Dictionary<(string Job, int Stage), int>> CountSplit(
        ClusterDbContext db, string[]? ids, CancellationToken cancellationToken)
    {
        var gangs = $"SELECT id FROM processing_jobs WHERE gang AND phase IN ({(int)JobPhase.Queued}, {(int)JobPhase.Running})"
            + (ids is null ? "" : $" AND id IN ({List(ids)})");
        var halves =
            $"""
            SELECT job_id AS "JobId", stage AS "Stage", state AS "State", CAST(COUNT(*) AS INTEGER) AS "Count"
            FROM partitions
            WHERE state = 4 AND job_id IN ({gangs}){Among(ids)}
            GROUP BY job_id, stage, state
            """;
        return db.Database.SqlQueryRaw<LiveCount>(halves, ids ?? [])
            .ToDictionaryAsync(row => (row.JobId, row.Stage), row => row.Count, cancellationToken);
    }

    private static string Among(string[]? ids) => ids is null ? "" : $" AND job_id IN ({List(ids)})";

    private static string List(string[] ids) => string.Join(", ", ids.Select((_, index) => Place(index)));

    // Of a parameter, as EF Core wants it.
    private static string Place(int index) => $"{{{index}}}";

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
