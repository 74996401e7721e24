namespace Orleans.Cluster.Cli.Terminal;

/// <summary>The embedded cluster did not start, or ended by itself; the message has the last lines that it wrote.</summary>
internal sealed class EmbeddedClusterException(string message) : Exception(message);
