namespace Orleans.Cluster.Cli.Terminal;

/// <summary>The embedded cluster did not start, or ended by itself; the message says why.</summary>
internal sealed class EmbeddedClusterException(string message) : Exception(message)
{
    /// <summary>Whether the logs may tell more than the message, which then names them.</summary>
    public bool NamesLogs { get; init; }
}
