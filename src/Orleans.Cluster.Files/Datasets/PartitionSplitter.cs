using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// Finds the halves of partitions that ran out of memory or disk. What decides is <see cref="PartitionSplit"/>; a reader is asked
/// where a record begins.
/// </summary>
internal sealed partial class PartitionSplitter(IPlanningEngine engine, ILogger<PartitionSplitter> logger) : IPartitionSplitter
{
    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<TaskId, IReadOnlyList<PartitionWork>>> Find(
        JobPlan plan, IReadOnlyList<PartitionRecord> failed, IReadOnlyList<FileStamp> accepted,
        CancellationToken cancellationToken)
    {
        var halves = new Dictionary<TaskId, IReadOnlyList<PartitionWork>>();
        foreach (var partition in failed.Where(partition => partition.Failure?.Kind.IsOfSize() == true))
        {
            var stage = plan.Stages[partition.Task.Stage];
            if (PartitionSplit.IsPossible(stage, partition)
                && PartitionSplit.Halve(
                    partition.Work, await Align(plan, stage, partition.Work, accepted, cancellationToken)) is { } two)
            {
                halves[partition.Task] = two;
            }
        }

        return halves;
    }

    private async Task<IReadOnlyList<AlignedRange>> Align(
        JobPlan plan, StagePlan stage, PartitionWork work, IReadOnlyList<FileStamp> accepted, CancellationToken cancellationToken)
    {
        if (PartitionSplit.SliceToAlign(work) is not { } slice)
        {
            return [];
        }

        var dataset = plan.Datasets[stage.Inputs.First(input => input.Mode == InputMode.Partition).Dataset!];
        var stamp = accepted.FirstOrDefault(now => now.Path == slice.File.Stamp.Path) ?? slice.File.Stamp;
        var file = slice.File with { Stamp = stamp, DataStart = slice.Start, FirstLine = slice.FirstLine };
        try
        {
            return await engine.Align(
                new AlignRequest(file, file.Dialect
                    ?? dataset.Dialect, [slice.Start + ((slice.End - slice.Start) / 2)], slice.End), cancellationToken);
        }
        catch (ClusterException exception)
        {
            Log.NotAligned(logger, stamp.Path, exception.Message);
            return [];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 120, Level = LogLevel.Warning,
            Message = "A partition of {Path} that ran out of memory could not be split: {Message}")]
        public static partial void NotAligned(ILogger logger, string path, string message);
    }
}
