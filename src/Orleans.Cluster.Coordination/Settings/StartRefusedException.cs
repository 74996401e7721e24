namespace Orleans.Cluster.Coordination.Settings;

/// <summary>This process must not start as it is configured; the message says why and what to do.</summary>
internal sealed class StartRefusedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the command line itself is wrong, which has an exit code of its own.</summary>
    public bool IsUsage { get; init; }
}
