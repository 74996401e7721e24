namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Number of the run of the cluster that may write. Each start of an embedded gateway raises it, so that a process which an
/// earlier run left behind (frozen, or its parent killed) can begin, commit and change nothing any more. On a shared database it
/// stays as it is unless somebody raises it on purpose.
/// </summary>
internal interface IClusterEpoch
{
    /// <summary>Epoch that this process writes in: as configured, or as raised, or else as stored when it first asked.</summary>
    Task<long> Get(CancellationToken cancellationToken);

    /// <summary>
    /// Begins a new epoch and makes it this process's own. Every process of an earlier one is shut out when this returns.
    /// </summary>
    Task<long> Raise(DateTimeOffset now, CancellationToken cancellationToken);
}
