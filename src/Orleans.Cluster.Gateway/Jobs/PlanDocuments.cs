using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>
/// Plans as documents for people: without file stamps, row groups and other things that only an executor needs.
/// </summary>
internal static class PlanDocuments
{
    /// <param name="plan">The plan.</param>
    /// <param name="tallies">What its stages have done, where they have begun.</param>
    public static PlanDocument Of(JobPlan plan, IReadOnlyList<StageTally> tallies) => new()
    {
        Query = plan.Query,
        Columns = plan.Columns,
        Datasets = plan.Datasets.ToDictionary(pair => pair.Key, pair => Of(pair.Value, [])),
        Stages = [.. plan.Stages.Select(stage => Of(stage, plan, tallies))],
        EstimatedBytes = plan.Datasets.Values.Sum(dataset => dataset.TotalBytes),
        Warnings = plan.Warnings,
    };

    public static DatasetPreview Of(PlannedDataset dataset, IReadOnlyList<PlanWarning> warnings) => new()
    {
        Format = dataset.Format,
        Dialect = Of(dataset.Dialect),
        Reader = dataset.Format switch
        {
            SourceFormat.Csv or SourceFormat.Tsv => "text-scan",
            SourceFormat.Parquet => "duckdb-parquet",
            _ => dataset.Json is { IsWhole: false } ? "json-scan" : "duckdb-json",
        },
        Columns = dataset.Columns,
        TotalBytes = dataset.TotalBytes,
        EstimatedRows = dataset.EstimatedRows,
        Pruned = dataset.Pruned,
        Partitions = [.. dataset.Partitions.Select(Of)],
        Warnings = warnings,
    };

    private static PreviewPartition Of(DataPartition partition) =>
        new(partition.Index, [.. partition.Slices.Select(Of)], partition.Bytes, partition.EstimatedRows);

    private static PreviewSlice Of(FileSlice slice) =>
        new(slice.OriginPath ?? slice.File.Stamp.Path, slice.Start, slice.End, slice.Unit == SliceUnit.Rows
            ? "ROWS"
            : "BYTES", Of(slice.File.Dialect));

    private static PreviewDialect? Of(TextDialect? dialect) =>
        dialect is null ? null : new(dialect.Delimiter, dialect.Quote, new PreviewHeader(dialect.Header, dialect.HeaderHow));

    private static PlanStage Of(StagePlan stage, JobPlan plan, IReadOnlyList<StageTally> tallies) => new()
    {
        Index = stage.Index,
        Name = stage.Name,
        Query = stage.Query,
        Inputs = stage.Inputs,
        Output = stage.Output.Kind,
        Columns = stage.Columns,
        Partitions = PartitionsOf(stage, plan),
        Threads = stage.Threads,
        EstimatedBytes = stage.EstimatedBytes,
        EstimatedRows = stage.EstimatedRows,
        EstimatedRowBytes = stage.EstimatedRowBytes,
        Actual = tallies.FirstOrDefault(tally => tally.Stage == stage.Index) is { } done
            ? new StageActuals(done.Total, done.Committed, done.RowsIn, done.RowsOut, done.BytesOut)
            : null,
        Note = stage.Note,
    };

    // Stages read only earlier ones, so this ends.
    private static int? PartitionsOf(StagePlan stage, JobPlan plan)
    {
        foreach (var input in stage.Inputs)
        {
            switch (input)
            {
                case { Mode: InputMode.Chunk }:
                    return null;
                case { Mode: InputMode.Partition, Dataset: { } dataset }:
                    return plan.Datasets[dataset].Partitions.Count;
                case { Mode: InputMode.Partition }:
                    return stage.Inputs.Where(other => other is { Mode: InputMode.Partition, Stage: not null })
                        .Sum(other => PartitionsOf(plan.Stages[other.Stage!.Value], plan));
                case { Mode: InputMode.Target, Stage: { } exchange }:
                    return plan.Stages[exchange].Output.Targets;
            }
        }

        return 1;
    }
}
