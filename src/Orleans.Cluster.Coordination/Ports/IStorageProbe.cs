namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to the question whether the database takes what is written.</summary>
internal interface IStorageProbe
{
    /// <summary>Writes something small that is nobody's.</summary>
    /// <exception cref="StorageUnavailableException">It did not.</exception>
    Task Write(CancellationToken cancellationToken);
}
