using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Engine.Export;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Engine.Probing;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>The engine in this process. The executor's program is this behind a pipe; tests use it as it is.</summary>
public sealed class LocalExecutor : IExecutor, IDisposable
{
    private readonly Lazy<SqlTree> tree = new();
    private readonly StagingArea staging = new();
    private readonly EngineKeeper engines = new();

    /// <summary>Counts the processors that a task may use beside its first.</summary>
    internal Func<int> CountIdle { get; init; } = IdleProcessors.Count;

    /// <inheritdoc/>
    public Task RenewAsync(double leaseSeconds, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<EngineAnswer<DatasetProbe>> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Answer(
            () =>
            {
                using var leave = ObjectReads.Allow(request.Grant);
                return DatasetProber.Probe(request, cancellationToken);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<EngineAnswer<IReadOnlyList<AlignedRange>>> AlignAsync(AlignRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Answer(
            () =>
            {
                using var leave = ObjectReads.Allow(request.Grant);
                return RecordAligner.Align(request, cancellationToken);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<EngineAnswer<JudgedRowGroups>> JudgeAsync(RowGroupQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        return Answer(
            () =>
            {
                using var leave = ObjectReads.Allow(question.Grant);
                return RowGroupJudge.Judge(question, cancellationToken);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<EngineAnswer<string>> ParseAsync(string sql, CancellationToken cancellationToken) =>
        Answer(() => tree.Value.Parse(sql), cancellationToken);

    /// <inheritdoc/>
    public Task<EngineAnswer<string>> RenderAsync(string tree, CancellationToken cancellationToken) =>
        Answer(() => this.tree.Value.Render(tree), cancellationToken);

    /// <inheritdoc/>
    public Task<EngineAnswer<IReadOnlyList<ColumnSchema>>> BindAsync(BindRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Answer(() => tree.Value.Bind(request.Tables, request.Sql), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<TaskOutcome> RunAsync(TaskSpec task, IProgress<TaskProgress>? progress, CancellationToken cancellationToken) =>
        EngineThreads.Run(() => new TaskExecutor(staging, engines, CountIdle).Run(task, progress, cancellationToken));

    /// <inheritdoc/>
    public Task<EngineAnswer<ExportedRows>> ExportAsync(ExportRequest request, CancellationToken cancellationToken) =>
        Answer(() => RowExporter.Export(request, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        staging.Dispose();
        engines.Dispose();
        if (tree.IsValueCreated)
        {
            tree.Value.Dispose();
        }
    }

    private static Task<EngineAnswer<T>> Answer<T>(Func<T> question, CancellationToken cancellationToken) =>
        EngineThreads.Run(() => AnswerNow(question, cancellationToken));

    private static EngineAnswer<T> AnswerNow<T>(Func<T> question, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return EngineAnswer.Of(question());
        }
        catch (ClusterException e)
        {
            return EngineAnswer.Fail<T>(new AttemptFailure(FailureKind.BadQuery, e.Message, e.Code.Word));
        }
        catch (Exception e)
            when (e is EngineException or DuckDBException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return EngineAnswer.Fail<T>(DuckDbErrors.ToFailure(e));
        }
    }
}
