using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Worker;

/// <summary>
/// What the partitions of earlier stages have written, for the attempts that read it. Of a large stage that is a hundred
/// megabytes: it is read once for all slots of this worker, and from then on only the partitions that have changed are read
/// again.
/// </summary>
internal sealed class UpstreamManifests(IUpstreamReads reads, TimeProvider clock)
{
    private const int KeptStages = 8;
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(30);

    private readonly Lock sync = new();
    private readonly Dictionary<(JobId Job, int Epoch, int Stage), Kept> stages = [];

    private sealed record Kept(long ReadAt, Task<IReadOnlyList<PartitionRecord>> Partitions);

    /// <summary>
    /// The partitions of a stage as they were at most half a minute ago, for a reader that the plan of this epoch made.
    /// </summary>
    public async Task<IReadOnlyList<PartitionRecord>> Find(JobId job, int epoch, int stage, CancellationToken cancellationToken)
    {
        Kept kept;
        lock (sync)
        {
            var known = stages.GetValueOrDefault((job, epoch, stage));
            if (known is null || known.Partitions.IsFaulted
                || (known.Partitions.IsCompleted && clock.GetElapsedTime(known.ReadAt) >= Believed))
            {
                // For all who ask meanwhile, so not ended with the one who asked first.
                known = new Kept(clock.GetTimestamp(), Read(job, stage, known?.Partitions));
                stages[(job, epoch, stage)] = known;
                Forget(KeptStages);
            }

            kept = known;
        }

        return await kept.Partitions.WaitAsync(cancellationToken);
    }

    /// <summary>What was kept of a stage is out of date: it is compared with the table when it is asked for next.</summary>
    public void Doubt(JobId job, int stage)
    {
        lock (sync)
        {
            foreach (var key in stages.Keys.Where(key => key.Job == job && key.Stage == stage).ToList())
            {
                stages[key] = stages[key] with { ReadAt = long.MinValue / 2 };
            }
        }
    }

    private async Task<IReadOnlyList<PartitionRecord>> Read(JobId job, int stage, Task<IReadOnlyList<PartitionRecord>>? before)
    {
        await Task.Yield(); // Out of the lock.
        if (before is not { IsCompletedSuccessfully: true })
        {
            return await reads.List(job, stage, CancellationToken.None);
        }

        var known = (await before).ToDictionary(partition => partition.Task.Partition);
        var now = await reads.ListVersions(job, stage, CancellationToken.None);
        var changed = now.Where(version => !known.TryGetValue(version.Partition, out var partition)
            || (partition.Attempt, partition.State) != (version.Attempt, version.State)).Select(version =>
                version.Partition).ToList();
        if (changed.Count == 0 && now.Count == known.Count)
        {
            return await before;
        }

        if (now.Count != known.Count || changed.Exists(partition => !known.ContainsKey(partition)))
        {
            return await reads.List(job, stage,
                CancellationToken.None); // A split has made new ones, which have their places in the order.
        }

        foreach (var partition in await reads.ListSome(job, stage, changed, CancellationToken.None))
        {
            known[partition.Task.Partition] = partition;
        }

        return [.. (await before).Select(partition => known[partition.Task.Partition])];
    }

    private void Forget(int most)
    {
        foreach (var (key, _) in stages.OrderByDescending(pair => pair.Value.ReadAt).Skip(most).ToList())
        {
            stages.Remove(key);
        }
    }
}
