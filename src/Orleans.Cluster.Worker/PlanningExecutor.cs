using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;
using StreamJsonRpc;

namespace Orleans.Cluster.Worker;

/// <inheritdoc cref="IPlanningEngine"/>
internal sealed class PlanningExecutor(
    ExecutorProgram program, IOptions<ExecutorOptions> options, IOptions<QueueOptions> queue, ILogger<PlanningExecutor> logger)
    : IPlanningEngine, IAsyncDisposable
{
    /// <summary>A question is asked so often again while executors end because this process stood still: nobody's fault but its own.</summary>
    private const int MaxStalls = 4;

    private readonly SemaphoreSlim starting = new(1);
    private ExecutorProcess? current;

    public Task<DatasetProbe> Probe(ProbeRequest request, CancellationToken cancellationToken) =>
        Ask((executor, cancel) => executor.ProbeAsync(request, cancel), cancellationToken);

    public Task<IReadOnlyList<AlignedRange>> Align(AlignRequest request, CancellationToken cancellationToken) =>
        Ask((executor, cancel) => executor.AlignAsync(request, cancel), cancellationToken);

    public Task<ExportedRows> Export(ExportRequest request, CancellationToken cancellationToken) =>
        Ask((executor, cancel) => executor.ExportAsync(request, cancel), cancellationToken);

    public Task<TaskManifest> Run(TaskSpec task, CancellationToken cancellationToken) => Ask(
        async (executor, cancel) =>
        {
            var outcome = await executor.RunAsync(task, null, cancel);
            return outcome.Manifest is { } made ? EngineAnswer.Of(made) : EngineAnswer.Fail<TaskManifest>(outcome.Failure!);
        },
        cancellationToken);

    public Task<string> Parse(string sql, CancellationToken cancellationToken) =>
        Ask((executor, cancel) => executor.ParseAsync(sql, cancel), cancellationToken);

    public Task<string> Render(string tree, CancellationToken cancellationToken) =>
        Ask((executor, cancel) => executor.RenderAsync(tree, cancel), cancellationToken);

    public Task<IReadOnlyList<ColumnSchema>> Bind(
        IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables, string sql, CancellationToken cancellationToken) =>
        Ask((executor, cancel) => executor.BindAsync(new BindRequest(tables, sql), cancel), cancellationToken);

    /// <summary>Starts the executor before the first question, so that the first job does not wait for it.</summary>
    public async Task Warm(CancellationToken cancellationToken) => await Get(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (current is { } executor)
        {
            await executor.DisposeAsync();
        }

        starting.Dispose();
    }

    private async Task<T> Ask<T>(Func<IExecutor, CancellationToken, Task<EngineAnswer<T>>> question, CancellationToken cancellationToken)
    {
        for (var stalls = 0; ; stalls++)
        {
            if (await TryAsk(question, mayHaveStalled: stalls < MaxStalls, cancellationToken) is { } answer)
            {
                return answer.Get();
            }
        }
    }

    // Null when the executor has passed its deadline.
    private async Task<EngineAnswer<T>?> TryAsk<T>(
        Func<IExecutor, CancellationToken, Task<EngineAnswer<T>>> question, bool mayHaveStalled, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(options.Value.QuestionTimeout);
        var process = await Get(bound.Token);
        try
        {
            // A call over the pipe waits for the answer to its cancellation too, and an engine that parses or binds does not hear of it.
            return await question(process.Executor, bound.Token).WaitAsync(bound.Token);
        }
        catch (ConnectionLostException)
        {
            var epitaph = await process.Epitaph();
            if (process.EndedByDeadline && mayHaveStalled)
            {
                return null;
            }

            throw new ClusterException(Contracts.ProblemCode.ExecutorCrashed, $"The engine ended while it looked at the request. {epitaph}");
        }
        catch (Exception exception) when (bound.IsCancellationRequested && exception is (OperationCanceledException or RemoteInvocationException))
        {
            // The executor's own cancellation comes back as its error when it is not the token's exception that it threw.
            cancellationToken.ThrowIfCancellationRequested();
            throw new ClusterException(
                Contracts.ProblemCode.Internal, $"The engine took longer than {options.Value.QuestionTimeout.TotalSeconds:0} s to look at the request.");
        }
    }

    private async Task<ExecutorProcess> Get(CancellationToken cancellationToken)
    {
        if (current is { HasExited: false } running)
        {
            return running;
        }

        await starting.WaitAsync(cancellationToken);
        try
        {
            if (current is { HasExited: false } other)
            {
                return other;
            }

            if (current is { } gone)
            {
                await gone.DisposeAsync();
            }

            return current = ExecutorProcess.Start(program.Path, queue.Value.ExecutorDeadline, logger);
        }
        finally
        {
            starting.Release();
        }
    }
}
