using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Partitioning;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// One source to its partitions:
/// 1. its files are listed inside the data roots;
/// 2. an executor finds format, dialect and one schema;
/// 3. the planner wishes for cuts, and an executor moves those of text to starts of records;
/// 4. the planner packs the pieces into partitions.
/// Steps 2 to 4 are remembered by the stamps of the files, and done once for all that ask at the same time.
/// </summary>
internal sealed class DatasetPlanning(DataRoots roots, IPlanningEngine engine, StoredResults results)
{
    /// <summary>
    /// Files that are looked through for starts of records at once. It is work of the disk and of one executor.
    /// </summary>
    private const int ParallelAligns = 4;

    private readonly DatasetCache<DatasetProbe> probes = new();
    private readonly DatasetCache<PlannedSource> planned = new();
    private readonly SharedQuestions<string, PlannedSource> questions = new(untilEnded: true);

    /// <summary>Callers that wait for a dataset.</summary>
    public int Waiting => questions.Waiting;

    /// <returns>With a key that is the same for as long as the files and all that was said of them are.</returns>
    public async Task<(PlannedDataset Dataset, IReadOnlyList<PlanWarning> Warnings, string Key)> Plan(
        SourceSpec source, PartitioningSpec partitioning, string pointer, CancellationToken cancellationToken)
    {
        var stored = source.Job is { } job ? await results.Find(job, cancellationToken) : null;
        // A listing of many files takes seconds. Whoever asks may be a grain, whose other calls must not wait for a disk.
        var files = stored is null
            ? await Task.Run(() => roots.Resolve(source, pointer, cancellationToken), cancellationToken)
            : stored.Stamps;
        source = stored is null ? source : JobSource.Reading(stored);
        var asked = new object[] { source.Format, source.Options, stored?.Columns ?? [], stored?.FolderColumns ?? [] };
        var key = DatasetCache<PlannedSource>.KeyOf(files, [.. asked, partitioning]);
        var found = planned.Find(key) ?? await questions.Ask(
            key,
            async token =>
            {
                var plan = await Plan(source, stored, files, DatasetCache<DatasetProbe>.KeyOf(files, asked), partitioning, token);
                planned.Add(key, plan, files.Count);
                return plan;
            },
            cancellationToken);
        return (found.Dataset, found.Warnings, key);
    }

    private async Task<PlannedSource> Plan(
        SourceSpec source, StoredResult? stored, IReadOnlyList<FileStamp> files, string probeKey, PartitioningSpec partitioning,
        CancellationToken cancellationToken)
    {
        if (probes.Find(probeKey) is not { } probe)
        {
            probe = stored is not null && files.Count == 0
                ? JobSource.Empty(stored)
                : await engine.Probe(new ProbeRequest(source, files), cancellationToken);
            probe = stored is null ? probe : JobSource.Typed(probe, stored);
            probes.Add(probeKey, probe, files.Count);
        }

        var cuts = PartitionPlanner.PlanCuts(probe, partitioning);
        var ranges = await Align(probe, cuts, cancellationToken);
        var (dataset, warnings) = PartitionPlanner.Plan(probe, ranges, partitioning);
        return new PlannedSource(dataset, warnings);
    }

    /// <summary>Ranges by the number of their file, of the files that are cut.</summary>
    private async Task<IReadOnlyDictionary<int, IReadOnlyList<AlignedRange>>> Align(
        DatasetProbe probe, IReadOnlyDictionary<int, IReadOnlyList<long>> cuts, CancellationToken cancellationToken)
    {
        var ranges = new System.Collections.Concurrent.ConcurrentDictionary<int, IReadOnlyList<AlignedRange>>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelAligns, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(cuts, options, async (cut, token) =>
        {
            var file = probe.Files[cut.Key];
            var request = new AlignRequest(file, file.Dialect ?? probe.Dialect, cut.Value);
            ranges[cut.Key] = await engine.Align(request, token);
        });
        return ranges;
    }

    private sealed record PlannedSource(PlannedDataset Dataset, IReadOnlyList<PlanWarning> Warnings);
}
