using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <inheritdoc cref="IAttemptHistory"/>
internal sealed class AttemptHistory(ClusterDatabase database) : IAttemptHistory
{
    public Task<IReadOnlyList<PartitionCell>> ListCells(JobId job, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<PartitionCell>>(
            async db =>
            {
                var rows = await db.Partitions.AsNoTracking().Where(row => row.JobId == job.Value)
                    .OrderBy(row => row.Stage).ThenBy(row => row.Partition)
                    .Select(row =>
                        new { row.Stage, row.Partition, row.State, row.Attempt, row.Bytes, row.RowsIn, row.RowsOut,
                            row.BytesOut })
                    .ToListAsync(cancellationToken);
                var lengths = await db.Attempts.AsNoTracking().Where(row => row.JobId == job.Value && row.EndedAt != null)
                    .Select(row => new { row.Stage, row.Partition, row.Number, row.StartedAt, row.EndedAt })
                    .ToDictionaryAsync(
                        row => (row.Stage, row.Partition, row.Number), row => (row.EndedAt!.Value - row.StartedAt).TotalSeconds,
                        cancellationToken);
                return
                [
                    .. rows.Select(row => new PartitionCell(
                        new TaskId(job, row.Stage, row.Partition), row.State, row.Bytes, row.RowsIn, row.RowsOut, row.BytesOut,
                        lengths.GetValueOrDefault((row.Stage, row.Partition, row.Attempt)))),
                ];
            },
            cancellationToken);

    public Task<IReadOnlyList<AttemptRecord>> ListOf(JobId job, CancellationToken cancellationToken) =>
        List(db => db.Attempts.Where(row => row.JobId == job.Value), cancellationToken);

    public async Task<IReadOnlyList<AttemptRecord>> ListBetween(
        DateTimeOffset from, DateTimeOffset to, string? owner, CancellationToken cancellationToken)
    {
        var jobs = await JobsBetween(from, to, owner, cancellationToken);
        return jobs.Count == 0
            ? []
            : await List(
                db => db.Attempts.Where(row => jobs.Contains(row.JobId) && row.StartedAt < to
                    && (row.EndedAt == null || row.EndedAt >= from)),
                cancellationToken);
    }

    // By the keys and indexes that jobs have: there is none over the ends of attempts, which every commit would have to maintain.
    private Task<List<string>> JobsBetween(
        DateTimeOffset from, DateTimeOffset to, string? owner, CancellationToken cancellationToken) =>
        database.Read(
            async db =>
            {
                var since = from - DateTimeOffset.UnixEpoch < IAttemptHistory.LookBack
                    ? DateTimeOffset.UnixEpoch
                    : from - IAttemptHistory.LookBack;
                var mine = db.Jobs.AsNoTracking().Visible().Where(job => owner == null || job.Owner == owner);
                var recent = await mine.Where(job => job.CreatedAt >= since && job.CreatedAt < to
                    && (job.FinishedAt == null || job.FinishedAt >= from))
                    .OrderByDescending(job => job.CreatedAt)
                    .Take(IAttemptHistory.MaxJobs).Select(job => job.Id).ToListAsync(cancellationToken);
                var active = await mine.Where(job => job.Phase < JobPhase.Succeeded)
                    .OrderByDescending(job => job.Id)
                    .Take(IAttemptHistory.MaxJobs).Select(job => job.Id).ToListAsync(cancellationToken);
                return recent.Union(active).ToList();
            },
            cancellationToken);

    private Task<IReadOnlyList<AttemptRecord>> List(
        Func<ClusterDbContext, IQueryable<AttemptRow>> which, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<AttemptRecord>>(
            async db =>
            {
                var rows = await which(db).AsNoTracking()
                    .OrderByDescending(row => row.StartedAt).Take(IAttemptHistory.MaxAttempts)
                    .Select(row =>
                        new { row.JobId, row.Stage, row.Partition, row.Number, row.Worker, row.State, row.StartedAt,
                            row.EndedAt })
                    .ToListAsync(cancellationToken);
                return
                [
                    .. rows.AsEnumerable().Reverse().Select(row => new AttemptRecord(
                        new AttemptId(new TaskId(JobId.Parse(row.JobId), row.Stage, row.Partition), row.Number),
                        new WorkerId(row.Worker), row.State, row.StartedAt, row.EndedAt, Failure: null, Cost: null)),
                ];
            },
            cancellationToken);
}
