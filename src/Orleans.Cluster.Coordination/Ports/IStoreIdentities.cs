namespace Orleans.Cluster.Coordination.Ports;

/// <summary>What the database says of the artifact store that belongs to it. The store's mark repeats it.</summary>
internal interface IStoreIdentities
{
    /// <summary>Null before a gateway has started for the first time.</summary>
    Task<StoreIdentity?> Find(CancellationToken cancellationToken);

    /// <summary>Makes one when there is none.</summary>
    Task<StoreIdentity> Make(CancellationToken cancellationToken);

    /// <summary>Raises the epoch by one, or above a number when that is higher. There is one already.</summary>
    Task<StoreIdentity> Raise(long above, CancellationToken cancellationToken);
}

/// <summary>Which store it is.</summary>
/// <param name="Id">Random, made with the database.</param>
/// <param name="Epoch">
/// Rises while the cluster runs, in the database first: a store whose mark is ahead has seen a later state of the database.
/// </param>
internal sealed record StoreIdentity(string Id, long Epoch);
