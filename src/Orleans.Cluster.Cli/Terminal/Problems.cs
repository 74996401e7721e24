using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>An error document in words: each fault once, then what to do.</summary>
internal static class Problems
{
    public static void Write(CliConsole console, ProblemDocument problem)
    {
        foreach (var line in Lines(problem))
        {
            console.NotesText.WriteLine(line);
        }
    }

    internal static IEnumerable<string> Lines(ProblemDocument problem)
    {
        var faults = problem.Errors ?? [];
        if (faults.Count > 1)
        {
            // The detail counts them and repeats the first.
            yield return $"{problem.Title} ({problem.Code})";
        }
        else
        {
            // A query's error has its line and a mark below, which nothing may follow.
            var lines = problem.Detail.Split('\n');
            yield return $"{lines[0]} ({problem.Code})";
            foreach (var line in lines.Skip(1).Where(line => line.Length > 0))
            {
                yield return line;
            }
        }

        foreach (var fault in faults.Where(fault => faults.Count > 1
            || !problem.Detail.Contains(fault.Detail, StringComparison.Ordinal)))
        {
            yield return $"  {(fault.Pointer.Length == 0 ? "/" : fault.Pointer)}: {fault.Detail}"
                + (fault.Code == problem.Code ? "" : $" ({fault.Code})");
        }

        if ((problem.Hint ?? Advice(problem)) is { } hint)
        {
            yield return $"Hint: {hint}";
        }

        // Only what nobody foresaw has to be looked up in a log.
        if (problem is { Status: >= 500, TraceId: { } trace })
        {
            yield return $"Trace: {trace}";
        }
    }

    private static string? Advice(ProblemDocument problem) => problem.Code switch
    {
        "unauthenticated" =>
            "Give a key in ORLEANS_CLUSTER_API_KEY or with --api-key; an administrator makes one with `keys create`.",
        "forbidden" =>
            "Ask an administrator for a key with that role: `keys create --role SUBMITTER`, or ADMIN for the cluster and its "
                + "keys.",
        _ => null,
    };
}
