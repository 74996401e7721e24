using System.Globalization;

namespace Orleans.Cluster.Benchmarks;

/// <summary>Options of a benchmark, as <c>--name value</c>.</summary>
internal static class Options
{
    public static string? Value(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    /// <summary>A size such as <c>512MB</c> or <c>1GiB</c>; null where it is not given.</summary>
    public static long? Bytes(string[] args, string name)
    {
        if (Value(args, name) is not { } text)
        {
            return null;
        }

        (string Suffix, long Factor)[] units = [("MiB", 1L << 20), ("GiB", 1L << 30), ("MB", 1_000_000), ("GB", 1_000_000_000)];
        var (suffix, factor) = units.FirstOrDefault(unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal));
        return suffix is null
            ? throw new FormatException($"{name} {text}: a size ends with MB, MiB, GB or GiB.")
            : long.Parse(text[..^suffix.Length], CultureInfo.InvariantCulture) * factor;
    }

    /// <summary>Folder of the data and of the cluster's state.</summary>
    public static string Folder(string[] args) =>
        Directory.CreateDirectory(Value(args, "--folder")
            ?? Path.Combine(Path.GetTempPath(), "orleans-cluster-benchmark")).FullName;
}
