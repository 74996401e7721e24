using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Executor;

/// <summary>The engine behind the pipe, with the lease of this process.</summary>
internal sealed class ExecutorService(ProcessLease lease) : IExecutor, IDisposable
{
    private readonly LocalExecutor engine = new();

    public Task RenewAsync(double leaseSeconds, CancellationToken cancellationToken)
    {
        lease.Renew(leaseSeconds);
        return Task.CompletedTask;
    }

    public Task<EngineAnswer<DatasetProbe>> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken) =>
        engine.ProbeAsync(request, cancellationToken);

    public Task<EngineAnswer<IReadOnlyList<AlignedRange>>> AlignAsync(
        AlignRequest request, CancellationToken cancellationToken) =>
        engine.AlignAsync(request, cancellationToken);

    public Task<EngineAnswer<JudgedRowGroups>> JudgeAsync(RowGroupQuestion question, CancellationToken cancellationToken) =>
        engine.JudgeAsync(question, cancellationToken);

    public Task<EngineAnswer<string>> ParseAsync(string sql, CancellationToken cancellationToken) =>
        engine.ParseAsync(sql, cancellationToken);

    public Task<EngineAnswer<string>> RenderAsync(string tree, CancellationToken cancellationToken) =>
        engine.RenderAsync(tree, cancellationToken);

    public Task<EngineAnswer<IReadOnlyList<ColumnSchema>>> BindAsync(BindRequest request, CancellationToken cancellationToken) =>
        engine.BindAsync(request, cancellationToken);

    public Task<TaskOutcome> RunAsync(TaskSpec task, IProgress<TaskProgress>? progress, CancellationToken cancellationToken)
    {
        lease.Begin();
        TaskPriority.Lower();
        return engine.RunAsync(task, progress, cancellationToken);
    }

    public Task<EngineAnswer<ExportedRows>> ExportAsync(ExportRequest request, CancellationToken cancellationToken) =>
        engine.ExportAsync(request, cancellationToken);

    public void Dispose() => engine.Dispose();
}
