namespace Orleans.Cluster.Worker;

/// <summary>
/// What an executor does not inherit: a silo has credentials in its environment, and a process that runs what users wrote has no use for
/// them.
/// </summary>
internal static class ExecutorEnvironment
{
    private static readonly string[] Prefixes = ["AWS_", "S3__", "S3:", "ConnectionStrings__", "ConnectionStrings:", "Authentication__", "Authentication:"];

    /// <summary>Removes credentials of the store, the database and users.</summary>
    public static void Clear(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(IsSecret).ToList())
        {
            environment.Remove(name);
        }
    }

    // Configuration may come with a prefix of the host, as in DOTNET_S3__SecretAccessKey.
    private static bool IsSecret(string name) => Prefixes.Any(prefix =>
        name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith($"DOTNET_{prefix}", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith($"ASPNETCORE_{prefix}", StringComparison.OrdinalIgnoreCase));
}
