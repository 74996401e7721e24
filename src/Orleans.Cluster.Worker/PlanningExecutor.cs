using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <inheritdoc cref="IPlanningEngine"/>
/// <remarks>
/// Any question may be the one that crashes the engine, freezes it or fills its memory. Questions about a query are asked one at
/// a time of a process, so that none is lost with another's. Questions about files share a process, because they take long and
/// wait for disks; those that are lost with it are asked again, each alone. What fails alone is refused.
/// </remarks>
internal sealed class PlanningExecutor : IPlanningEngine, IPlanningHealth, IAsyncDisposable
{
    private readonly ExecutorOptions options;
    private readonly IObjectGrants? grants;
    private readonly PlannerLane queries;
    private readonly PlannerLane lost;
    private readonly SharedPlanner files;

    public PlanningExecutor(
        ExecutorProgram program, IOptions<ExecutorOptions> options, IOptions<QueueOptions> queue, TimeProvider clock,
        ILogger<PlanningExecutor> logger, IObjectGrants? grants = null)
    {
        this.options = options.Value;
        this.grants = grants;
        var limits = PlannerLimits.Of(this.options);
        queries = new PlannerLane(
            [.. Enumerable.Range(0, this.options.Planners).Select(_ => Seat())], this.options.CancelGrace, clock);
        lost = new PlannerLane([Seat()], this.options.CancelGrace, clock);
        files = new SharedPlanner(Seat(), lost, this.options.CancelGrace, clock);

        PlannerSeat Seat() => new(program, queue.Value.ExecutorDeadline, limits, logger);
    }

    private PlannerBound OfQuery =>
        new(options.QueryTimeout, "Executor:QueryTimeout", "the query", Contracts.ProblemCode.QueryInvalid);

    private PlannerBound OfFiles =>
        new(options.QuestionTimeout, "Executor:QuestionTimeout", "the files", Contracts.ProblemCode.DatasetNotReadable);

    private PlannerBound OfRows =>
        new(options.QuestionTimeout, "Executor:QuestionTimeout", "the rows", Contracts.ProblemCode.ExecutorCrashed);

    public Task<DatasetProbe> Probe(ProbeRequest request, CancellationToken cancellationToken) =>
        files.Ask(
            (executor, cancel) => executor.ProbeAsync(request with { Grant = grants?.For(request.Files) }, cancel), OfFiles,
            cancellationToken);

    public Task<IReadOnlyList<AlignedRange>> Align(AlignRequest request, CancellationToken cancellationToken) =>
        files.Ask(
            (executor, cancel) => executor.AlignAsync(request with { Grant = grants?.For([request.File.Stamp]) }, cancel),
            OfFiles, cancellationToken);

    public Task<JudgedRowGroups> Judge(RowGroupQuestion question, CancellationToken cancellationToken) => files.Ask(
        (executor, cancel) => executor.JudgeAsync(
            question with { Grant = grants?.For(question.Files.Select(file => file.Stamp)) }, cancel),
        OfFiles, cancellationToken);

    public Task<ExportedRows> Export(ExportRequest request, CancellationToken cancellationToken) =>
        files.Ask(
            (executor, cancel) => executor.ExportAsync(
                request with { Grant = grants?.For(request.Files.Select(file => file.Stamp)) }, cancel),
            OfRows, cancellationToken);

    public Task<TaskManifest> Run(TaskSpec task, CancellationToken cancellationToken) => files.Ask(
        async (executor, cancel) =>
        {
            var outcome = await executor.RunAsync(task with { Grant = grants?.For(task.SourceFiles) }, null, cancel);
            return outcome.Manifest is { } made ? EngineAnswer.Of(made) : EngineAnswer.Fail<TaskManifest>(outcome.Failure!);
        },
        OfRows, cancellationToken);

    public Task<string> Parse(string sql, CancellationToken cancellationToken) =>
        queries.Ask((executor, cancel) => executor.ParseAsync(sql, cancel), OfQuery, cancellationToken);

    public Task<string> Render(string tree, CancellationToken cancellationToken) =>
        queries.Ask((executor, cancel) => executor.RenderAsync(tree, cancel), OfQuery, cancellationToken);

    public Task<IReadOnlyList<ColumnSchema>> Bind(
        IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables, string sql, CancellationToken cancellationToken) =>
        queries.Ask((executor, cancel) => executor.BindAsync(new BindRequest(tables, sql), cancel), OfQuery, cancellationToken);

    /// <summary>Starts the executors before the first question, so that the first job does not wait for them.</summary>
    public async Task Warm(CancellationToken cancellationToken)
    {
        await queries.Warm(cancellationToken);
        await files.Warm(cancellationToken);
    }

    public string? FindFault() => queries.LongestWait() is { } waited && waited > options.StartTimeout
        ? $"The engine has answered no question about a query for {waited.TotalSeconds:0} s."
        : null;

    public async ValueTask DisposeAsync()
    {
        await queries.DisposeAsync();
        await files.DisposeAsync();
        await lost.DisposeAsync();
    }
}
