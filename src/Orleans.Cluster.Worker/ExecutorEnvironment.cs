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

    // The allocator keeps what was freed for each of its arenas, up to eight for each processor, and every statement runs on a
    // thread of its own: an executor of a gigabyte grew from task to task until one was ended for what earlier ones had used.
    private const string Arenas = "MALLOC_ARENA_MAX";
    private const string MostArenas = "2";

    /// <summary>Takes everything else out, and bounds what the allocator keeps where nobody has said how much.</summary>
    public static void Apply(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(name => !IsNeeded(name)).ToList())
        {
            environment.Remove(name);
        }

        environment.TryAdd(Arenas, MostArenas);
    }

    private static bool IsNeeded(string name) =>
        Names.Contains(name, StringComparer.OrdinalIgnoreCase)
        || (Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
            && !name.Contains("__", StringComparison.Ordinal) && !Settings.Contains(name, StringComparer.OrdinalIgnoreCase));
}
