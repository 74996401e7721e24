namespace Orleans.Cluster.Coordination.Ports;

/// <summary>The time that all processes of a cluster have in common.</summary>
internal interface IDatabaseClock
{
    /// <summary>The clock of the database's server; null when that is the machine of each process.</summary>
    Task<DateTimeOffset?> Read(CancellationToken cancellationToken);

    /// <summary>The newest time that is stored; null when nothing is.</summary>
    Task<DateTimeOffset?> FindNewest(CancellationToken cancellationToken);
}
