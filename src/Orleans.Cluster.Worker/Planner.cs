using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>A planning process with the watch over its memory.</summary>
internal sealed class Planner(ExecutorProcess process, PlannerLimits limits) : IAsyncDisposable
{
    private readonly MemoryWatch watch = new(process, limits.ResidentBytes, limits.WatchInterval, isBusy: false);

    public ExecutorProcess Process { get; } = process;

    public bool HasExited => Process.HasExited;

    /// <summary>
    /// Whether its end says nothing of what it was asked: nobody renewed its deadline, or somebody outside killed it, such as the
    /// kernel for memory that others used. Known once it has ended.
    /// </summary>
    public bool EndedFromOutside =>
        Process.EndedByDeadline || (Process.EndedBySignal == 9 && watch.Exceeded is null && !Process.WasKilledHere);

    /// <summary>Asks it something, and watches it until it has answered, whether or not somebody still waits.</summary>
    public Task<T> Ask<T>(Func<IExecutor, CancellationToken, Task<T>> question, CancellationToken cancellationToken)
    {
        var call = question(Process.Executor, cancellationToken);
        watch.Begin();
        _ = call.ContinueWith(
            static (_, state) => ((MemoryWatch)state!).End(), watch, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return call;
    }

    /// <summary>How it ended, for people.</summary>
    public async Task<string> Epitaph()
    {
        var epitaph = await Process.Epitaph();
        return watch.Exceeded is { } bytes
            ? $"It held {bytes} bytes, more than the {watch.LimitBytes} of Executor:PlanningMemoryBytes."
            : epitaph;
    }

    public async ValueTask DisposeAsync()
    {
        watch.Dispose();
        await Process.DisposeAsync();
    }
}
