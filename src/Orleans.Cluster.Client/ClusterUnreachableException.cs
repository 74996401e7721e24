namespace Orleans.Cluster.Client;

/// <summary>
/// No gateway answered: nothing listens, the connection broke, or the time was over. The request may have been carried out.
/// </summary>
public sealed class ClusterUnreachableException : IOException
{
    /// <summary>No answer from this address.</summary>
    public ClusterUnreachableException(Uri? address, Exception inner)
        : base($"No answer from the cluster at {address}: {(inner ?? throw new ArgumentNullException(nameof(inner))).Message}",
            inner) =>
        Address = address;

    /// <summary>Base address that was asked.</summary>
    public Uri? Address { get; }
}
