using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Planning;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Partitioning;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>Runs whole jobs in this process: the real planner and the real engine, without a cluster between them.</summary>
internal sealed class EngineHarness : ISqlEngine, IDisposable
{
    private readonly LocalExecutor executor;
    private readonly JobId job = JobId.New();

    /// <param name="idleProcessors">Processors that tasks find idle beside their own.</param>
    public EngineHarness(int idleProcessors = 0) => executor = new LocalExecutor { CountIdle = () => idleProcessors };

    /// <summary>A folder of this harness alone.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("orleans-cluster-engine-").FullName;

    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>A file as it is listed.</summary>
    public static FileStamp Stamp(string path) =>
        new(path, new FileInfo(path).Length, new DateTimeOffset(File.GetLastWriteTimeUtc(path)));

    /// <summary>What an executor finds out about files.</summary>
    public EngineAnswer<DatasetProbe> Probe(SourceSpec source, IReadOnlyList<FileStamp> files) =>
        executor.ProbeAsync(new ProbeRequest(source, files), CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>A dataset of files as a job would read it.</summary>
    public async Task<PlannedDataset> Dataset(SourceSpec source, PartitioningSpec partitioning)
    {
        var files = source.Path.Select(path => new FileInfo(path)).Select(file =>
            new FileStamp(file.FullName, file.Length, new DateTimeOffset(file.LastWriteTimeUtc))).ToList();
        var probe = Probe(source, files).Get();
        var ranges = new Dictionary<int, IReadOnlyList<AlignedRange>>();
        foreach (var (index, cuts) in PartitionPlanner.PlanCuts(probe, partitioning))
        {
            ranges[index] = (await executor.AlignAsync(
                new AlignRequest(probe.Files[index], probe.Files[index].Dialect ?? probe.Dialect, cuts),
                CancellationToken.None)).Get();
        }

        return PartitionPlanner.Plan(probe, ranges, partitioning).Dataset;
    }

    /// <summary>Plans and runs a job; answers the JSON document of its result.</summary>
    public async Task<JsonElement> Run(JobSpec spec) => await Run(await Plan(spec), spec);

    /// <summary>Why a task of the last job failed; null when none has.</summary>
    public AttemptFailure? LastFailure { get; private set; }

    /// <summary>Plans a job anew, with the types that its last failure asks for.</summary>
    public async Task<JobPlan> PlanWider(JobSpec spec) => await Plan(spec, wider: LastFailure!.Wider!);

    /// <summary>Plans a job.</summary>
    public async Task<JobPlan> Plan(JobSpec spec, PlanLimits? limits = null, IReadOnlyList<WiderType>? wider = null)
    {
        var datasets = new Dictionary<string, PlannedDataset>();
        foreach (var (name, source) in spec.Sources ?? new Dictionary<string, SourceSpec> { ["source"] = spec.Source! })
        {
            var dataset = await Dataset(source, spec.Partitioning);
            datasets[name] = wider is null ? dataset : dataset.WithTypes(wider.Where(type => type.Dataset == name));
        }

        return await new QueryPlanner(this, limits).Plan(spec, datasets, CancellationToken.None);
    }

    /// <summary>Runs a plan stage by stage.</summary>
    public async Task<JsonElement> Run(JobPlan plan, JobSpec spec)
    {
        LastPlan = plan;
        var committed = new Dictionary<int, IReadOnlyList<PartitionRecord>>();
        foreach (var stage in plan.Stages)
        {
            var done = new List<PartitionRecord>();
            foreach (var partition in StageOpener.Open(job, 1, plan, stage.Index, committed, CoalesceBytes))
            {
                done.Add(await RunOne(plan, stage, partition with { Attempt = 1 }, committed, spec));
            }

            committed[stage.Index] = done;
        }

        LastPartitions = committed[plan.Stages[^1].Index].Count;
        Committed = committed;
        Quarantined = committed.Values.SelectMany(partitions => partitions).Sum(partition => partition.Manifest!.QuarantinedRows);
        var files =
            from partition in committed[plan.Stages[^1].Index]
            from file in partition.Manifest!.Files
            where file.Target >= 0
            select new ArtifactRef(
                new AttemptId(partition.Task, 1), Path.Combine(partition.ArtifactFolder!, file.Path), file.Rows, file.Bytes,
                file.Sha256);
        var columns = ResultColumns.Of(plan, committed[plan.Stages[^1].Index]);
        LastFiles = [.. files];
        LastColumns = columns;
        var target = await Export(ExportFormat.Json, spec.Output);
        return JsonDocument.Parse(File.ReadAllText(target)).RootElement;
    }

    /// <summary>A table of the last job's result beside its rows, as the JSON document of a result.</summary>
    public async Task<JsonElement> Table(string name)
    {
        var stage = LastPlan!.Stages[LastPlan.Tables[name]];
        var files =
            from partition in Committed[stage.Index]
            from file in partition.Manifest!.Files
            select new ArtifactRef(
                new AttemptId(partition.Task, 1), Path.Combine(partition.ArtifactFolder!, file.Path), file.Rows, file.Bytes,
                file.Sha256);
        return await Export(LastPlan with { Columns = stage.Columns }, [.. files]);
    }

    /// <summary>The plan of the last job.</summary>
    public JobPlan? LastPlan { get; private set; }

    /// <summary>Result files of the last job.</summary>
    public IReadOnlyList<ArtifactRef> LastFiles { get; private set; } = [];

    /// <summary>Columns of the last job's result.</summary>
    public IReadOnlyList<ColumnSchema> LastColumns { get; private set; } = [];

    /// <summary>A page of the last job's result as a file in some form.</summary>
    public async Task<string> Export(ExportFormat format, OutputSpec? output, long offset = 0, long? limit = null)
    {
        var target = Path.Combine(Folder, $"{Guid.NewGuid():N}.{format}");
        var request = new ExportRequest(LastFiles, output?.Format
            ?? OutputFormat.Parquet, LastColumns, offset, limit, format, target)
        {
            FolderColumns = output?.PartitionBy ?? [],
        };
        (await executor.ExportAsync(request, CancellationToken.None)).Get();
        return target;
    }

    /// <summary>Rows of Parquet files with the columns of a plan, as the JSON document of a result.</summary>
    public async Task<JsonElement> Export(JobPlan plan, IReadOnlyList<ArtifactRef> files)
    {
        var target = Path.Combine(Folder, $"{Guid.NewGuid():N}.json");
        (await executor.ExportAsync(
            new ExportRequest(files, OutputFormat.Parquet, plan.Columns, 0, null, ExportFormat.Json, target),
            CancellationToken.None)).Get();
        return JsonDocument.Parse(File.ReadAllText(target)).RootElement;
    }

    /// <summary>Bytes below which neighbouring targets are read by one task.</summary>
    public long CoalesceBytes { get; init; } = StageOpener.CoalesceBytes;

    /// <summary>Memory of each task.</summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Local disk of each task; null for no limit.</summary>
    public long? ScratchBytes { get; init; }

    /// <summary>Partitions of the last stage of the last job.</summary>
    public int LastPartitions { get; private set; }

    /// <summary>Partitions of the last job, by stage.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<PartitionRecord>> Committed { get; private set; } =
        new Dictionary<int, IReadOnlyList<PartitionRecord>>();

    /// <summary>Rows that the last job set aside.</summary>
    public long Quarantined { get; private set; }

    /// <summary>Rows of a result as text, one line each.</summary>
    public static string[] Rows(JsonElement result) =>
        [.. result.GetProperty("rows").EnumerateArray().Select(row => row.ToString())];

    public async Task<JudgedRowGroups> Judge(RowGroupQuestion question, CancellationToken cancellationToken) =>
        (await executor.JudgeAsync(question, cancellationToken)).Get();

    /// <summary>How often planning has asked the engine's parser or binder.</summary>
    public int Questions { get; private set; }

    public async Task<string> Parse(string sql, CancellationToken cancellationToken)
    {
        Questions++;
        return (await executor.ParseAsync(sql, cancellationToken)).Get();
    }

    public async Task<string> Render(string tree, CancellationToken cancellationToken)
    {
        Questions++;
        return (await executor.RenderAsync(tree, cancellationToken)).Get();
    }

    public async Task<IReadOnlyList<ColumnSchema>> Bind(
        IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables, string sql, CancellationToken cancellationToken)
    {
        Questions++;
        return (await executor.BindAsync(new BindRequest(tables, sql), cancellationToken)).Get();
    }

    public void Dispose()
    {
        executor.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task<PartitionRecord> RunOne(
        JobPlan plan, StagePlan stage, PartitionRecord partition, Dictionary<int, IReadOnlyList<PartitionRecord>> committed,
        JobSpec spec)
    {
        var folder = Path.Combine(Folder, "artifacts", partition.Task.ToString(), "1");
        var (inputs, _) = Planning.Jobs.TaskInputs.Resolve(plan, partition, committed, path => path);
        var outcome = await executor.RunAsync(
            new TaskSpec
            {
                Attempt = new AttemptId(partition.Task, 1),
                Kind = stage.Kind,
                Query = stage.Query,
                Ungrouped = stage.Ungrouped,
                KeyColumns = stage.KeyColumns,
                Threads = stage.Threads,
                FewGroups = stage.FewGroups,
                Inputs = inputs!,
                Output = stage.Output,
                AttemptFolder = folder,
                ScratchFolder = Path.Combine(Folder, "scratch"),
                MemoryBytes = MemoryBytes,
                ScratchBytes = ScratchBytes,
                OnBadRow = spec.OnBadRow,
            },
            null, CancellationToken.None);
        LastFailure = outcome.Failure;
        if (outcome.Failure is { } failure)
        {
            throw new ClusterException(failure.ProblemCode, failure.Message);
        }

        return partition with { State = PartitionState.Committed, Manifest = outcome.Manifest, ArtifactFolder = folder };
    }
}
