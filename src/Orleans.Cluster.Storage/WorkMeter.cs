using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Counts attempts by the end that their rows name. It asks by job, which the tables are keyed by; there is no index over ends.
/// </summary>
internal sealed class WorkMeter(ClusterDatabase database) : IWorkMeter
{
    public Task<WorkDone> Measure(
        IReadOnlyCollection<JobId> jobs, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken) =>
        database.Read(
            async db =>
            {
                var since = from - (until - from);
                var created = await db.Jobs.Where(job => job.CreatedAt >= since)
                    .Select(job => job.Id).ToListAsync(cancellationToken);
                var ids = jobs.Select(job => job.Value).Union(created).ToList();
                if (ids.Count == 0)
                {
                    return new WorkDone(0, 0, 0, 0, 0);
                }

                var ended = db.Attempts.Where(attempt => ids.Contains(attempt.JobId) && attempt.EndedAt >= from
                    && attempt.EndedAt < until);
                var counts = await ended.GroupBy(attempt => attempt.State)
                    .Select(group => new { State = group.Key, Count = group.Count() })
                    .ToDictionaryAsync(group => group.State, group => group.Count, cancellationToken);
                var sums = await (
                    from attempt in ended.Where(attempt => attempt.State == AttemptState.Committed)
                    join partition in db.Partitions
                        on new { attempt.JobId, attempt.Stage, attempt.Partition } equals new { partition.JobId, partition.Stage,
                            partition.Partition }
                    where partition.Attempt == attempt.Number
                    group partition by 1 into all
                    select new { Rows = all.Sum(row => row.RowsIn), Bytes = all.Sum(row => row.Bytes) })
                        .SingleOrDefaultAsync(cancellationToken);
                return new WorkDone(
                    counts.GetValueOrDefault(AttemptState.Committed), sums?.Rows ?? 0, sums?.Bytes ?? 0,
                    counts.GetValueOrDefault(AttemptState.Failed), counts.GetValueOrDefault(AttemptState.Lost));
            },
            cancellationToken);
}
