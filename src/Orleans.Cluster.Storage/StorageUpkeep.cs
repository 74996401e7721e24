using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Removes old rows, in transactions short enough that nobody waits for them, each of a bounded number of rows.
/// </summary>
internal sealed class StorageUpkeep(ClusterDatabase database) : IStorageUpkeep
{
    private const int JobsAtOnce = 100;
    private const int RowsAtOnce = 2000;

    // The job that was removed from last. The next call begins after it, so that one that cannot be removed keeps nobody else.
    private string last = "";

    public async Task<int> Prune(
        DateTimeOffset keysBefore, DateTimeOffset eventsBefore, DateTimeOffset jobsEndedBefore,
        CancellationToken cancellationToken)
    {
        var old = await database.Write(
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
                return keys + events + await DeletedJobs.HideExpired(db, jobsEndedBefore, JobsAtOnce, cancellationToken);
            },
            refused: 0,
            cancellationToken);
        return old + await RemoveFromOne(cancellationToken);
    }

    private async Task<int> RemoveFromOne(CancellationToken cancellationToken)
    {
        var next = await database.Read(db => DeletedJobs.FindNext(db, last, cancellationToken), cancellationToken);
        if (next is null && last.Length > 0)
        {
            last = "";
            next = await database.Read(db => DeletedJobs.FindNext(db, last, cancellationToken), cancellationToken);
        }

        if (next is null)
        {
            return 0;
        }

        last = next;
        return await database.Write(
            db => DeletedJobs.RemoveSome(db, next, RowsAtOnce, cancellationToken), refused: 0, cancellationToken);
    }
}
