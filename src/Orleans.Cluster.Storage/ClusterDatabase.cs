namespace Orleans.Cluster.Storage;

/// <summary>
/// Runs pieces of work against the database, each in one transaction. Work may be run again when the database has certainly
/// rolled it back, so it has no effects beside the database. A database that does not answer is a
/// <c>StorageUnavailableException</c>; every other exception of the work comes out as it is, with nothing stored.
/// </summary>
internal abstract class ClusterDatabase
{
    /// <summary>Reads. Each statement sees what was committed when it began.</summary>
    public abstract Task<T> Read<T>(Func<ClusterDbContext, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// Writes, unless this process belongs to an earlier run of the cluster: then nothing is stored and the answer is
    /// <paramref name="refused"/>.
    /// </summary>
    public abstract Task<T> Write<T>(Func<ClusterDbContext, Task<T>> work, T refused, CancellationToken cancellationToken);

    /// <summary>
    /// Writes whatever the cluster's epoch is. For the epoch itself and for what belongs to no run, such as keys and audit.
    /// </summary>
    public abstract Task<T> WriteInAnyEpoch<T>(Func<ClusterDbContext, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// Creates or upgrades all tables, Orleans' own too. Safe to run twice, and from several processes at once.
    /// </summary>
    public abstract Task Migrate(CancellationToken cancellationToken);
}
