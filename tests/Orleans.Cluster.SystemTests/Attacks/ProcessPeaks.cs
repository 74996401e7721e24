using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Attacks;

/// <summary>
/// The most memory that each process of a cluster had, of those too that were killed: the kernel keeps the peak of each, and this
/// looks at all a few times a second. The caps are those that deploy/SECURITY.md states.
/// </summary>
public sealed class ProcessPeaks : IAsyncDisposable
{
    private const long MiB = 1L << 20;

    /// <summary>Of a silo, whatever its callers ask.</summary>
    private const long Silo = 2048 * MiB;

    /// <summary>
    /// Of a process that plans or exports: the kernel refuses more than twice <c>Executor:PlanningMemoryBytes</c> of data, beside
    /// which are the program and files that it has mapped.
    /// </summary>
    private const long Planner = (2 * 2048 * MiB) + (256 * MiB);

    /// <summary>Of an executor of tasks: the worker's memory, which one slot has alone, and a burst between two looks.</summary>
    private const long Executor = (2048 * MiB) + (512 * MiB);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<(string Kind, int Id), long> peaks = new();
    private readonly CancellationTokenSource over = new();
    private readonly EmbeddedCluster cluster;
    private readonly Task looking;

    public ProcessPeaks(EmbeddedCluster cluster)
    {
        this.cluster = cluster;
        looking = Task.Run(LookOnAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        await looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        over.Dispose();
    }

    /// <summary>Every process that there was stayed below its cap.</summary>
    public void AreBelowTheirCaps()
    {
        Look();
        Assert.Contains(peaks.Keys, key => key.Kind == "silo");
        Assert.All(peaks, peak => Assert.True(
            peak.Value < CapOf(peak.Key.Kind), $"The {peak.Key.Kind} {peak.Key.Id} had {peak.Value / MiB} MiB. All: {this}"));
    }

    /// <summary>The largest of each kind.</summary>
    public override string ToString() => string.Join(", ", peaks.GroupBy(peak => peak.Key.Kind)
        .OrderBy(kind => kind.Key, StringComparer.Ordinal)
        .Select(kind => $"{kind.Key} {kind.Max(peak => peak.Value) / MiB} MiB"));

    private static long CapOf(string kind) => kind switch
    {
        "silo" => Silo,
        "planner" => Planner,
        _ => Executor,
    };

    private async Task LookOnAsync()
    {
        while (true)
        {
            Look();
            await Task.Delay(Pause, over.Token);
        }
    }

    private void Look()
    {
        var gateway = cluster.GatewayId;
        Note("silo", gateway);
        foreach (var planner in EmbeddedCluster.ExecutorsOf(gateway))
        {
            Note("planner", planner);
        }

        foreach (var worker in cluster.WorkerIds())
        {
            Note("silo", worker);
            foreach (var executor in EmbeddedCluster.ExecutorsOf(worker))
            {
                Note("executor", executor);
            }
        }
    }

    private void Note(string kind, int id)
    {
        if (PeakOf(id) is { } peak)
        {
            peaks.AddOrUpdate((kind, id), peak, (_, before) => Math.Max(before, peak));
        }
    }

    // None of a process that has just ended.
    private static long? PeakOf(int id)
    {
        const string Name = "VmHWM:";
        try
        {
            return File.ReadLines($"/proc/{id}/status").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal))
                is { } line
                ? long.Parse(line[Name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) << 10
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
