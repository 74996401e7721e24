using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <inheritdoc cref="IWorkerHistory"/>
internal sealed class WorkerHistory(ClusterDatabase database) : IWorkerHistory
{
    public Task<IReadOnlyList<WorkerStatus>> List(DateTimeOffset since, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<WorkerStatus>>(
            async db =>
            {
                var rows = await db.WorkerHistory.AsNoTracking()
                    .Where(row => row.LastSeen >= since)
                    .OrderByDescending(row => row.LastSeen).ThenBy(row => row.Id).Take(IWorkerHistory.MaxWorkers)
                    .Select(row => row.Worker)
                    .ToListAsync(cancellationToken);
                return [.. rows.AsEnumerable().Reverse().Select(row => Documents.Read<WorkerStatus>(row))];
            },
            cancellationToken);

    public Task Write(
        IReadOnlyCollection<WorkerStatus> workers, DateTimeOffset forgetBefore, CancellationToken cancellationToken) =>
        database.WriteInAnyEpoch(
            async db =>
            {
                foreach (var worker in workers)
                {
                    await db.Database.ExecuteSqlAsync(
                        $"""
                        INSERT INTO worker_history (id, last_seen, is_dead, worker)
                        VALUES ({worker.Id.Value}, {worker.LastSeen.ToUnixTimeMilliseconds()}, {worker.State == WorkerState.Dead}, {Documents.Write(worker)})
                        ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen, is_dead = excluded.is_dead, worker = excluded.worker
                        WHERE excluded.is_dead OR NOT worker_history.is_dead
                        """,
                        cancellationToken);
                }

                await db.WorkerHistory.Where(row => row.LastSeen < forgetBefore).ExecuteDeleteAsync(cancellationToken);
                var surplus = await db.WorkerHistory.OrderByDescending(row => row.LastSeen).ThenBy(row => row.Id)
                    .Skip(IWorkerHistory.MaxWorkers).Select(row => row.Id).ToListAsync(cancellationToken);
                return surplus.Count == 0
                    || await db.WorkerHistory.Where(row => surplus.Contains(row.Id)).ExecuteDeleteAsync(cancellationToken) > 0;
            },
            cancellationToken);
}
