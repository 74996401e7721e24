using System.Globalization;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Processor time of a process and all below it, from Linux' process table. Unlike wall time it says the same on a busy machine.
/// </summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100;

    public static TimeSpan ProcessorTime(int root) =>
        TimeSpan.FromSeconds(Tree(root).Sum(process => process.Ticks) / TicksPerSecond);

    /// <summary>
    /// The same for the process itself, its executors of any worker, and all other processes below it, which are workers.
    /// </summary>
    public static (TimeSpan Gateway, TimeSpan Workers, TimeSpan Executors) ByKind(int root)
    {
        long gateway = 0, workers = 0, executors = 0;
        foreach (var (id, _, ticks) in Tree(root))
        {
            gateway += id == root ? ticks : 0;
            executors += id != root && IsExecutor(id) ? ticks : 0;
            workers += id != root && !IsExecutor(id) ? ticks : 0;
        }

        return (Of(gateway), Of(workers), Of(executors));

        static TimeSpan Of(long ticks) => TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    private static bool IsExecutor(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Contains("Orleans.Cluster.Executor", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It ended in between.
            return false;
        }
    }

    /// <summary>The processes below one, with their parents.</summary>
    public static IReadOnlyList<(int Id, int Parent)> Descendants(int root) =>
        [.. Tree(root).Where(process => process.Id != root).Select(process => (process.Id, process.Parent))];

    private static List<(int Id, int Parent, long Ticks)> Tree(int root)
    {
        var processes = Directory.EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
            .Select(Read)
            .OfType<(int Id, int Parent, long Ticks)>()
            .ToList();
        var tree = new HashSet<int> { root };
        while (processes.Any(process => tree.Contains(process.Parent) && tree.Add(process.Id)))
        {
        }

        return processes.FindAll(process => tree.Contains(process.Id));
    }

    private static (int Id, int Parent, long Ticks)? Read(string folder)
    {
        try
        {
            // The name, in parentheses, may hold anything; what follows it is numbers: state, parent, ..., user and system ticks,
            // those of ended children.
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (
                int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture),
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
        }
        catch (IOException)
        {
            // It ended in between.
            return null;
        }
    }
}
