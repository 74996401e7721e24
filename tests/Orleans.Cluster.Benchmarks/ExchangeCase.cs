using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Rows of four columns through the targets of an exchange and back, by tasks in this process: each writes the rows of a slice,
/// then tasks read all targets, as the next stage would. One executor for each processor, each with one task at a time.
/// </summary>
/// <param name="Parquet">The rows.</param>
/// <param name="Folder">Where the tasks write.</param>
/// <param name="TaskBytes">Memory of a task.</param>
internal sealed record ExchangeCase(string Parquet, string Folder, long TaskBytes)
{
    /// <summary>What is read back; the name of the rows comes behind it.</summary>
    public const string Sums = "SELECT count(*) AS n, sum(k) AS k, sum(v) AS v, max(d) AS d, sum(length(s)) AS s FROM ";

    private const int Targets = 60;

    // As many rows as 100 MB of CSV have.
    private const long TaskRows = 2_250_000;

    /// <summary>Writes rows of four columns once: 45 bytes each as CSV, so that 22 million of them are 1 GB.</summary>
    public static void Write(string path, long rows, string folder) => Peer.Row(
        $"COPY (SELECT CAST(hash(i, 1) % 5000000 AS BIGINT) AS k, CAST(hash(i, 2) % 100000 AS INTEGER) AS v, "
        + $"round((hash(i, 3) % 100000000) / 1000000.0, 6) AS d, format('{{:020d}}', hash(i, 4)) AS s FROM range({rows}) r(i)) "
        + $"TO {SqlText.Literal(path)} (FORMAT parquet)", folder);

    /// <summary>Writes and reads all rows once.</summary>
    /// <returns>What was read back, and bytes that the tasks spilled.</returns>
    public async Task<(string Answer, long SpilledBytes)> Run()
    {
        var folder = Path.Combine(Folder, $"exchange-{JobId.New()}");
        var executors = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new LocalExecutor()).ToList();
        try
        {
            var scan = await Scan(executors[0]);
            var tasks = (int)((scan.Slices[0].End + TaskRows - 1) / TaskRows);
            var writes = Enumerable.Range(0, tasks).Select(i => Spread(scan, i * TaskRows, Spec(folder, 0, i))).ToList();
            var made = await Share(executors, writes);
            var parts = writes.Zip(made).SelectMany(pair => Parts(pair.First, pair.Second))
                .ToLookup(part => part.Target % executors.Count);
            var reads = parts.Select(each => Spec(folder, 1, each.Key) with
            {
                Query = $"{Sums} rows",
                Inputs = [new TaskInput("rows", null, new ExchangeInput(
                    made[0].Columns, [.. each.OrderBy(part => part.Target).Select(part => part.File)]))],
            }).ToList();
            var read = await Share(executors, reads);
            var sums = string.Join(
                ", ", reads.Zip(read, (task, end) => SqlText.Literal(Path.Combine(task.AttemptFolder, end.Files[0].Path))));
            var answer = Peer.Row($"SELECT sum(n), sum(k), sum(v), max(d), sum(s) FROM read_parquet([{sums}])", Folder);
            return (answer, made.Concat(read).Sum(manifest => manifest.Cost.SpilledBytes));
        }
        finally
        {
            executors.ForEach(executor => executor.Dispose());
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Whether that is what one engine reads of the rows.</summary>
    public bool IsAnswer(string answer) => answer == Peer.Row(Sums + SqlText.Literal(Parquet), Folder);

    private async Task<ScanInput> Scan(LocalExecutor executor)
    {
        var info = new FileInfo(Parquet);
        var stamp = new FileStamp(info.FullName, info.Length, new DateTimeOffset(info.LastWriteTimeUtc));
        var request = new ProbeRequest(new SourceSpec { Path = [Parquet] }, [stamp]);
        var probe = (await executor.ProbeAsync(request, CancellationToken.None)).Get();
        var rows = probe.Files[0].RowCount ?? throw new InvalidOperationException($"{Parquet} does not say its rows.");
        return new ScanInput
        {
            Format = probe.Format,
            Columns = probe.Columns,
            Slices = [new FileSlice { File = probe.Files[0], End = rows, Unit = SliceUnit.Rows }],
        };
    }

    private static TaskSpec Spread(ScanInput scan, long start, TaskSpec task)
    {
        var end = Math.Min(start + TaskRows, scan.Slices[0].End);
        return task with
        {
            Query = $"SELECT *, CAST(hash(k) % {Targets} AS INTEGER) AS {TaskOutput.TargetColumn} FROM source",
            Inputs = [new TaskInput("source", scan with { Slices = [scan.Slices[0] with { Start = start, End = end }] }, null)],
            Output = new TaskOutput { Kind = OutputKind.Exchange, Targets = Targets },
        };
    }

    private static IEnumerable<(int Target, ArtifactRef File)> Parts(TaskSpec task, TaskManifest manifest) =>
        from file in manifest.Files
        let slice = ExchangeSlice.Parse(file.Index!)
        let path = Path.Combine(task.AttemptFolder, file.Path)
        from part in slice.Parts
        select (part.Target, new ArtifactRef(task.Attempt, path, part.Rows, part.Bytes, file.Sha256)
        {
            Slice = slice with { Parts = [part] },
        });

    private TaskSpec Spec(string folder, int stage, int partition) => new()
    {
        Attempt = new AttemptId(new TaskId(JobId.New(), stage, partition), 1),
        Query = "",
        Inputs = [],
        Output = new TaskOutput { Kind = OutputKind.Single },
        AttemptFolder = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{stage}-{partition}")),
        ScratchFolder = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"scratch-{stage}-{partition}")),
        MemoryBytes = TaskBytes,
    };

    private static async Task<TaskManifest[]> Share(List<LocalExecutor> executors, List<TaskSpec> tasks)
    {
        var made = new TaskManifest[tasks.Count];
        var next = -1;
        await Task.WhenAll(executors.Select(async executor =>
        {
            while (Interlocked.Increment(ref next) is var task && task < tasks.Count)
            {
                var outcome = await executor.RunAsync(tasks[task], null, CancellationToken.None);
                made[task] = outcome.Manifest ?? throw new InvalidOperationException(outcome.Failure?.Message);
            }
        }));
        return made;
    }
}
