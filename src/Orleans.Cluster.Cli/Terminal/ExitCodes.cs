namespace Orleans.Cluster.Cli.Terminal;

/// <summary>How the process ends. Scripts rely on the numbers.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Cancelled = 4;
    public const int Unreachable = 5;

    /// <summary>Left by Ctrl-C or SIGTERM, as shells report it; a job that was followed goes on.</summary>
    public const int Interrupted = 130;
}
