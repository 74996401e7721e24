using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// The first rows of a dataset as a job would read them: its first piece is read by the gateway's own engine, by the same reader
/// and with the same schema as a partition. Nothing is kept.
/// </summary>
internal sealed class DatasetSampler(IJobPlanning planning, IPlanningEngine engine, ClusterPaths paths)
{
    public const int MaxRows = 1000;

    /// <summary>As much as is read for it, where the data can be cut.</summary>
    private const long PieceBytes = 8 << 20;

    private const long MemoryBytes = 512L << 20;

    /// <summary>Name that the query gives to the dataset.</summary>
    private const string Source = "source";

    private static readonly ColumnSchema[] Reason = [new("line", "BIGINT"), new("reason", "VARCHAR")];

    /// <summary>The first rows of a source.</summary>
    public async Task<RowsPreview> Read(SourceSpec source, int rows, CancellationToken cancellationToken)
    {
        var (dataset, warnings) = await planning.PlanDataset(
            source, new PartitioningSpec { TargetBytes = PieceBytes }, cancellationToken);
        if (dataset.Partitions.FirstOrDefault(partition => partition.Bytes > 0) is not { } first)
        {
            return new RowsPreview(dataset.Columns, [], warnings);
        }

        var folder = Path.Combine(paths.Scratch, "previews", $"{Guid.NewGuid():N}");
        try
        {
            var task = TaskOf(dataset, first, rows, folder);
            var made = await engine.Run(task, cancellationToken);
            var page = await Read(task, made.Files.Where(file => !file.IsQuarantine), dataset.Columns, rows, cancellationToken);
            var bad = made.Files.Where(file => file.IsQuarantine).ToList();
            return bad.Count == 0
                ? new RowsPreview(dataset.Columns, page.Rows, warnings)
                : new RowsPreview(
                    dataset.Columns, page.Rows, [.. warnings, Unreadable(await Read(task, bad, Reason, 1, cancellationToken))]);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task<ResultRows> Read(
        TaskSpec task, IEnumerable<ArtifactFile> made, IReadOnlyList<ColumnSchema> columns, int rows,
        CancellationToken cancellationToken)
    {
        var files = made.Select(file => new ArtifactRef(
            task.Attempt, Path.Combine(task.AttemptFolder, file.Path), file.Rows, file.Bytes, file.Sha256)).ToList();
        var target = Path.Combine(task.ScratchFolder, $"rows-{Guid.NewGuid():N}.json");
        Directory.CreateDirectory(task.ScratchFolder);
        await engine.Export(
            new ExportRequest(files, OutputFormat.Parquet, columns, 0, rows, ExportFormat.Json, target), cancellationToken);
        await using var stream = File.OpenRead(target);
        return (await JsonSerializer.DeserializeAsync<ResultRows>(stream, WireJson.Options, cancellationToken))!;
    }

    // A job of the same source would fail at it, or set it aside.
    private static PlanWarning Unreadable(ResultRows bad)
    {
        var (rows, first) = (bad.TotalRows, bad.Rows[0]);
        return new PlanWarning(
            "unreadable-rows",
            (rows == 1 ? "1 row of the part that was looked at cannot be read and is not shown. It is in line "
                : $"{rows} rows of the part that was looked at cannot be read and are not shown. The first is in line ")
            + $"{first[0]}: {first[1]}");
    }

    // Every row of the piece is read, since a task accounts for all of them; a bound on the scan would look like lost rows.
    private static TaskSpec TaskOf(PlannedDataset dataset, DataPartition piece, int rows, string folder) => new()
    {
        Attempt = new AttemptId(new TaskId(JobId.New(), 0, 0), 1),
        Query = $"SELECT * EXCLUDE (__n) FROM (SELECT *, row_number() OVER () AS __n FROM {Source}) WHERE __n <= {rows} ORDER BY "
            + "__n",
        Inputs =
        [
            new TaskInput(
                Source, new ScanInput
                {
                    Format = dataset.Format, Dialect = dataset.Dialect, Columns = dataset.Columns, Slices = piece.Slices,
                }, null),
        ],
        Output = new TaskOutput { Kind = OutputKind.Result },
        AttemptFolder = Path.Combine(folder, "attempt"),
        ScratchFolder = Path.Combine(folder, "scratch"),
        MemoryBytes = MemoryBytes,
        OnBadRow = BadRowPolicy.Quarantine,
    };
}
