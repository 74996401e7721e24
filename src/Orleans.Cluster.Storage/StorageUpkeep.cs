using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>Removes old rows, in transactions short enough that nobody waits for them.</summary>
internal sealed class StorageUpkeep(ClusterDatabase database) : IStorageUpkeep
{
    /// <summary>A job may have thousands of partitions, which go with it.</summary>
    private const int JobsAtOnce = 5;

    private const int RowsAtOnce = 2000;

    private static readonly JobPhase[] EndPhases = [.. Enum.GetValues<JobPhase>().Where(phase => phase.IsTerminal())];

    public Task<int> Prune(
        DateTimeOffset keysBefore, DateTimeOffset eventsBefore, DateTimeOffset jobsEndedBefore, CancellationToken cancellationToken) =>
        database.Write(
            async db =>
            {
                var keys = await db.IdempotencyKeys
                    .Where(key => key.CreatedAt <= keysBefore)
                    .OrderBy(key => key.CreatedAt).Take(RowsAtOnce)
                    .ExecuteDeleteAsync(cancellationToken);
                var events = await db.Outbox
                    .Where(row => row.DoneAt <= eventsBefore)
                    .OrderBy(row => row.DoneAt).Take(RowsAtOnce)
                    .ExecuteDeleteAsync(cancellationToken);
                var jobs = await db.Jobs
                    .Where(job => EndPhases.Contains(job.Phase) && job.FinishedAt <= jobsEndedBefore)
                    .OrderBy(job => job.Id).Take(JobsAtOnce)
                    .ExecuteDeleteAsync(cancellationToken);
                return keys + events + jobs;
            },
            refused: 0,
            cancellationToken);
}
