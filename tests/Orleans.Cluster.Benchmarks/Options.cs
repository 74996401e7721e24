namespace Orleans.Cluster.Benchmarks;

/// <summary>Options of a benchmark, as <c>--name value</c>.</summary>
internal static class Options
{
    public static string? Value(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    /// <summary>Folder of the data and of the cluster's state.</summary>
    public static string Folder(string[] args) =>
        Directory.CreateDirectory(Value(args, "--folder")
            ?? Path.Combine(Path.GetTempPath(), "orleans-cluster-benchmark")).FullName;
}
