using Microsoft.EntityFrameworkCore;

namespace Orleans.Cluster.Storage;

/// <summary>The epoch that this process writes in. One that was given none takes the first that it reads.</summary>
internal sealed class ProcessEpoch(long? configured)
{
    private const long Unknown = 0;
    private long value = configured ?? Unknown;

    public long Value => Interlocked.Read(ref value);

    public void Set(long epoch) => Interlocked.Exchange(ref value, epoch);

    /// <summary>Whether a process of this epoch may write. Asked at the start of each transaction that writes.</summary>
    public async Task<bool> IsCurrent(ClusterDbContext db, CancellationToken cancellationToken)
    {
        var stored = await db.Database.SqlQueryRaw<long>("SELECT epoch AS \"Value\" FROM cluster_epoch")
            .ToListAsync(cancellationToken);
        Interlocked.CompareExchange(ref value, stored[0], Unknown);
        return Value == stored[0];
    }
}
