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
        var stored = await Read(db, cancellationToken);
        Interlocked.CompareExchange(ref value, stored, Unknown);
        return Value == stored;
    }

    private static async Task<long> Read(ClusterDbContext db, CancellationToken cancellationToken) =>
        await db.Query("SELECT epoch FROM cluster_epoch", row => row.GetInt64(0), cancellationToken) is [var epoch]
            ? epoch
            : throw new InvalidOperationException("The database has no epoch: its table cluster_epoch is empty.");
}
