namespace Orleans.Cluster.Worker;

/// <summary>
/// What an executor sees of the environment: what its runtime and its libraries need, and nothing of the silo's, whose variables
/// hold passwords and keys. It works on whatever callers send.
/// </summary>
internal static class ExecutorEnvironment
{
    private static readonly string[] Names =
        ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP"];

    private static readonly string[] Prefixes = ["LC_", "DOTNET_", "MALLOC_", "CUDA_", "NVIDIA_"];

    // Settings of a host, which an executor has none of; they are named as settings of the silo may be.
    private static readonly string[] Settings = ["DOTNET_URLS", "DOTNET_ENVIRONMENT"];

    /// <summary>Takes everything else out.</summary>
    public static void Apply(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(name => !IsNeeded(name)).ToList())
        {
            environment.Remove(name);
        }
    }

    private static bool IsNeeded(string name) =>
        Names.Contains(name, StringComparer.OrdinalIgnoreCase)
        || (Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
            && !name.Contains("__", StringComparison.Ordinal) && !Settings.Contains(name, StringComparer.OrdinalIgnoreCase));
}
