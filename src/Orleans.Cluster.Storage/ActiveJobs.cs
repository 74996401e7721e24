using System.Data.Common;
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

    /// <summary>Their numbers, as they stand in a statement: a parameter would keep partial indexes out of use.</summary>
    public static readonly string PhaseList = string.Join(", ", Phases.Select(phase => (int)phase));

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
        var sql =
            $"""
            SELECT id, phase, priority, epoch, created_at, cpu, memory_bytes, gpu, gang, depends_on, deadline_at, owner
            FROM processing_jobs
            WHERE phase IN ({PhaseList}){Among("id", ids)}
            ORDER BY id
            """;
        var jobs = await db.Query(sql, ToJob, cancellationToken, ids ?? []);
        var gangs = jobs.Where(job => job.Gang).Select(job => job.Id.Value).ToHashSet();
        var split = live.Exists(row => gangs.Contains(row.JobId)) ? await CountSplit(db, ids, cancellationToken) : [];
        var backlog = live
            .GroupBy(row => (row.JobId, row.Stage))
            .OrderBy(stage => stage.Key.Stage)
            .ToLookup(stage => stage.Key.JobId, stage => ToBacklog(
                stage, backingOff.GetValueOrDefault(stage.Key), split.GetValueOrDefault(stage.Key)));
        return [.. jobs.Select(job => job with { Stages = [.. backlog[job.Id.Value]] })];
    }

    private static ActiveJob ToJob(DbDataReader row) => new(
        JobId.Parse(row.GetString(0)), (JobPhase)row.GetInt32(1), (JobPriority)row.GetInt32(2), row.GetInt32(3),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
        new ResourceRequest { Cpu = row.GetInt32(5), MemoryBytes = row.GetInt64(6), Gpu = row.GetInt32(7) }, row.TruthAt(8),
        [.. ReadDependencies(row.GetString(9))], row.TimeAt(10), [])
    {
        Owner = row.TextAt(11),
    };

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
            SELECT job_id, stage, state, COUNT(*)
            FROM partitions
            WHERE state IN (0, 1){Among("job_id", ids)}
            GROUP BY job_id, stage, state
            """;
        var live = await db.Query(counts, ToCount, cancellationToken, ids ?? []);
        if (!live.Exists(row => row.State == (int)PartitionState.Waiting))
        {
            return (live, []);
        }

        object[] parameters = [.. ids ?? [], now];
        var later =
            $"""
            SELECT job_id, stage, COUNT(*), MIN(not_before)
            FROM partitions
            WHERE state = 0 AND not_before IS NOT NULL AND not_before > {Sql.Place(parameters.Length - 1)}{Among("job_id", ids)}
            GROUP BY job_id, stage
            """;
        var backing = await db.Query(
            later, row => new BackingOff(row.GetString(0), row.GetInt32(1), (int)row.GetInt64(2), row.GetInt64(3)),
            cancellationToken, parameters);
        return (live, backing.ToDictionary(row => (row.JobId, row.Stage)));
    }

    // Few jobs are gangs; the rows of the others are not looked at. Of some jobs by their id, no other job is.
    private static async Task<Dictionary<(string Job, int Stage), int>> CountSplit(
        ClusterDbContext db, string[]? ids, CancellationToken cancellationToken)
    {
        var gangs = $"SELECT id FROM processing_jobs WHERE gang AND phase IN ({(int)JobPhase.Queued}, {(int)JobPhase.Running})"
            + Among("id", ids);
        var halves =
            $"""
            SELECT job_id, stage, state, COUNT(*)
            FROM partitions
            WHERE state = 4 AND job_id IN ({gangs}){Among("job_id", ids)}
            GROUP BY job_id, stage, state
            """;
        return (await db.Query(halves, ToCount, cancellationToken, ids ?? []))
            .ToDictionary(row => (row.JobId, row.Stage), row => row.Count);
    }

    private static LiveCount ToCount(DbDataReader row) =>
        new(row.GetString(0), row.GetInt32(1), row.GetInt32(2), (int)row.GetInt64(3));

    private static string Among(string column, string[]? ids) =>
        ids is null ? "" : $" AND {column} IN ({Sql.Places(0, ids.Length)})";

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
