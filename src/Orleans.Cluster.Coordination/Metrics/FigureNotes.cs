namespace Orleans.Cluster.Coordination.Metrics;

/// <summary>What the figures of <see cref="ClusterFigures"/> are, for those who scrape them.</summary>
internal static class FigureNotes
{
    /// <summary>Figures whose name ends with a priority: one instrument with a label.</summary>
    public const string Waiting = "partitionsWaiting";

    private static readonly Dictionary<string, (string Unit, string Description)> Known = new()
    {
        ["workers"] = ("{worker}", "Workers that live"),
        ["workersActive"] = ("{worker}", "Workers that take tasks"),
        ["slots"] = ("{slot}", "Slots of all living workers"),
        ["slotsBusy"] = ("{slot}", "Slots in use"),
        ["cpu"] = ("{processor}", "Processors in use by workers and executors"),
        ["memoryOfferedBytes"] = ("By", "Memory that workers may hand out"),
        ["memoryGrantedBytes"] = ("By", "Memory that is handed out to attempts"),
        ["memoryUsedBytes"] = ("By", "Memory that executors use"),
        ["jobsActive"] = ("{job}", "Jobs that have not ended"),
        ["partitionsRunning"] = ("{partition}", "Partitions that an attempt works on"),
        ["partitionsPerSecond"] = ("{partition}/s", "Partitions committed each second, over the last ten seconds"),
        ["rowsPerSecond"] = ("{row}/s", "Rows read each second by committed partitions, over the last ten seconds"),
        ["bytesPerSecond"] = ("By/s", "Bytes read each second by committed partitions, over the last ten seconds"),
        ["failuresPerSecond"] = ("{attempt}/s", "Attempts that failed each second, over the last ten seconds"),
        ["lostPerSecond"] = ("{attempt}/s", "Attempts lost with their worker each second, over the last ten seconds"),
        [Waiting] = ("{partition}", "Partitions that wait for a slot, by priority of their job"),
    };

    /// <exception cref="KeyNotFoundException">The figure has no note: write one.</exception>
    public static (string Unit, string Description) Of(string figure) => Known[figure];

    /// <summary>The name of the instrument.</summary>
    public static string Instrument(string figure) =>
        $"orleans_cluster.{string.Concat(figure.Select(c => char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{c}"))}";
}
