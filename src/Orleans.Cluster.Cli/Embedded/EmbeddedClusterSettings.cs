using System.Globalization;

namespace Orleans.Cluster.Cli.Embedded;

/// <summary>How an embedded cluster is started. What is null is left to the silo's own defaults and the environment.</summary>
internal sealed record EmbeddedClusterSettings
{
    /// <summary>Where the gateway listens; a free port of loopback when null.</summary>
    public Uri? Address { get; init; }

    /// <summary>SQLite files, artifacts, logs and scratch.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Folder that paths may name; the working directory when null.</summary>
    public string? DataRoot { get; init; }

    public int? Workers { get; init; }

    public int? SlotsPerWorker { get; init; }

    public long? MemoryPerWorkerBytes { get; init; }

    /// <summary>Second address of the Orleans dashboard; 0 for none.</summary>
    public int? DashboardPort { get; init; }

    /// <summary>Folder of the built silo; beside this program when null.</summary>
    public string? SiloFolder { get; init; }

    /// <summary>Time without any sign of progress, neither output nor processor time, after which a start is given up.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How often to tell that the cluster is still starting.</summary>
    public TimeSpan NoteEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Told while the cluster starts.</summary>
    public Action<string>? OnWait { get; init; }

    /// <summary>What is told first, once it is clear that the start is not refused; null for nothing.</summary>
    public string? StartNote { get; init; }

    /// <summary>What to do about a state directory that cannot be used, as the end of a sentence.</summary>
    public string StateRemedy { get; init; } = "choose another folder with --state";

    /// <summary>Time that the silo has to end by itself before it is killed.</summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>More arguments for the silo, in its own form.</summary>
    public IReadOnlyList<string> MoreArguments { get; init; } = [];

    public IEnumerable<string> Arguments(Uri address, int parentProcessId) =>
    [
        $"--Urls={address.GetLeftPart(UriPartial.Authority)}",
        $"--Cluster:StateDirectory={StateDirectory}",
        // The silo ends when this program does, also when it is killed.
        $"--Cluster:ParentProcessId={Number(parentProcessId)}",
        .. Given("DataRoots:0", DataRoot),
        .. Given("Workers", Number(Workers)),
        .. Given("SlotsPerWorker", Number(SlotsPerWorker)),
        .. Given("MemoryPerWorkerBytes", Number(MemoryPerWorkerBytes)),
        .. Given("DashboardPort", Number(DashboardPort)),
        .. MoreArguments,
    ];

    private static IEnumerable<string> Given(string key, string? value) => value is null ? [] : [$"--Cluster:{key}={value}"];

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);
}
