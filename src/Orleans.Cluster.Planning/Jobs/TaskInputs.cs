using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>From a partition of an open stage to the tables that its task reads.</summary>
public static class TaskInputs
{
    /// <summary>The tables of one task.</summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="upstream">Partitions of each stage that it reads, in order.</param>
    /// <param name="locate">From a folder relative to the artifact store to an absolute one.</param>
    /// <returns>The tables, or null with the task of an upstream partition that has no committed artifact now.</returns>
    public static (IReadOnlyList<TaskInput>? Inputs, TaskId? Missing) Resolve(
        JobPlan plan, PartitionRecord partition, IReadOnlyDictionary<int, IReadOnlyList<PartitionRecord>> upstream,
        Func<string, string> locate)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(partition);
        ArgumentNullException.ThrowIfNull(upstream);
        var stage = plan.Stages[partition.Task.Stage];
        foreach (var source in stage.Inputs.Where(input => input.Stage is not null))
        {
            var missing = upstream[source.Stage!.Value]
                .FirstOrDefault(producer => producer.State is not (PartitionState.Committed or PartitionState.Split));
            if (missing is not null)
            {
                return (null, missing.Task);
            }
        }

        return ([.. stage.Inputs.Select(input => Input(plan, input, partition.Work, upstream, locate))], null);
    }

    private static TaskInput Input(
        JobPlan plan, StageInput input, PartitionWork work, IReadOnlyDictionary<int, IReadOnlyList<PartitionRecord>> upstream,
        Func<string, string> locate)
    {
        if (input.Dataset is { } name)
        {
            var dataset = plan.Datasets[name];
            var slices = input.Mode == InputMode.Partition
                ? work.Slices ?? []
                : [.. dataset.Partitions.SelectMany(part => part.Slices)];
            return new TaskInput(input.Name, Scan(name, dataset, slices, input.UsedColumns), null);
        }

        var all = upstream[input.Stage!.Value];
        var producers = all.Where(producer => producer.State == PartitionState.Committed);
        var one = WithChildren(work.UpstreamPartition is { } upstreamPartition ? [upstreamPartition] : [], all);
        if (input.Mode == InputMode.Chunk)
        {
            var origin = plan.Stages[input.Stage.Value].Inputs.Single(source => source.Dataset is not null).Dataset!;
            var piece = producers.Where(producer => one.Contains(producer.Task.Partition))
                .SelectMany(producer => Chunk(producer, work.FirstTarget, locate));
            return new TaskInput(input.Name, Scan(origin, plan.Datasets[origin], [.. piece], input.UsedColumns), null);
        }

        var shared = WithChildren(work.SharedPartitions, all);
        var files =
            from producer in producers
            where input.Mode != InputMode.Partition
                || (one.Contains(producer.Task.Partition) && (work.UpstreamInput ?? input.Name) == input.Name)
            where work.SharedInput != input.Name || shared.Contains(producer.Task.Partition)
            from file in producer.Manifest!.Files
            where !file.IsQuarantine
            let read = Read(producer, file, input.Mode == InputMode.Target ? work : null, locate)
            where read is not null
            select read;
        return new TaskInput(input.Name, null, new ExchangeInput(plan.Stages[input.Stage.Value].Columns, [.. files]));
    }

    // Of a file with rows of several targets, those of the task; null when there are none.
    private static ArtifactRef? Read(
        PartitionRecord producer, ArtifactFile file, PartitionWork? work, Func<string, string> locate)
    {
        var artifact = new ArtifactRef(
            new AttemptId(producer.Task, producer.Attempt), locate(ArtifactPath.Of(producer, file)),
            file.Rows, file.Bytes, file.Sha256);
        if (file.Index is null)
        {
            return work?.HasTarget(file.Target) == false ? null : artifact;
        }

        var slice = ExchangeSlice.Parse(file.Index);
        var parts = slice.Parts.Where(part => work?.HasTarget(part.Target) != false).ToList();
        return parts.Count == 0 ? null : artifact with
        {
            Rows = parts.Sum(part => part.Rows),
            Bytes = parts.Sum(part => part.Bytes),
            Slice = slice with { Parts = parts },
        };
    }

    // A producer whose artifact was lost runs again, and may be split then: its children, whose order begins with its own, stand
    // for it.
    private static HashSet<int> WithChildren(IEnumerable<int> partitions, IReadOnlyList<PartitionRecord> all)
    {
        var wanted = partitions.ToHashSet();
        var parents = all.Where(record => record.State == PartitionState.Split && wanted.Contains(record.Task.Partition))
            .Select(record => record.Order + ".")
            .ToList();
        if (parents.Count > 0)
        {
            wanted.UnionWith(all.Where(record => parents.Any(order => record.Order.StartsWith(order, StringComparison.Ordinal)))
                .Select(record => record.Task.Partition));
        }

        return wanted;
    }

    private static ScanInput Scan(
        string name, PlannedDataset dataset, IReadOnlyList<FileSlice> slices, IReadOnlyList<string>? used) => new()
    {
        Format = dataset.Format,
        Dialect = dataset.Dialect,
        Json = dataset.Json,
        Columns = dataset.Columns,
        Guesses = dataset.DeclaredColumns is { } declared ? new GuessedTypes(name, declared) : null,
        UsedColumns = used,
        Slices = slices,
    };

    // A piece of an inflated stream is a plain file whose place in the original is kept for errors.
    private static IEnumerable<FileSlice> Chunk(PartitionRecord producer, int number, Func<string, string> locate)
    {
        return
            from file in producer.Manifest!.Files
            where file.Target == number
            let origin = producer.Work.Slices![file.Slice].File
            let path = locate(ArtifactPath.Of(producer, file))
            select new FileSlice
            {
                File = origin with
                {
                    Stamp = new FileStamp(path, file.Bytes, default),
                    Compression = SourceCompression.None,
                    DataStart = 0,
                    UncompressedBytes = file.Bytes,
                    RowGroups = null,
                },
                End = file.Bytes,
                Rows = file.Rows,
                FirstLine = file.FirstLine,
                OriginPath = origin.Stamp.Path,
                OriginOffset = file.Offset,
                Artifact = new ArtifactRef(
                    new AttemptId(producer.Task, producer.Attempt), path, file.Rows, file.Bytes, file.Sha256),
            };
    }
}
