using System.Globalization;

namespace Orleans.Cluster.Executor;

/// <summary>What the silo says when it starts an executor.</summary>
/// <param name="LeaseSeconds">Time until the first renewal must have come.</param>
/// <param name="ParentId">The silo's process; null: whoever is the parent at start.</param>
/// <param name="DataBytes">Writable memory that it may have; null for any.</param>
internal sealed record ExecutorArguments(double LeaseSeconds, int? ParentId, long? DataBytes = null)
{
    /// <exception cref="ArgumentException">An option is not known or has no value.</exception>
    public static ExecutorArguments Parse(string[] args)
    {
        var result = new ExecutorArguments(30, null);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            result = args[i] switch
            {
                "--lease-seconds" => result with { LeaseSeconds = double.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--parent" => result with { ParentId = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--data-bytes" => result with { DataBytes = long.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                var other =>
                    throw new ArgumentException($"Unknown option {other}. Known: --lease-seconds, --parent, --data-bytes."),
            };
        }

        return args.Length % 2 == 0 ? result : throw new ArgumentException($"Option {args[^1]} has no value.");
    }
}
