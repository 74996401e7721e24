using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Executor processes of this worker, long-lived: an attempt rents one and gives it back unharmed, or it is replaced. There are
/// never more than the worker has attempts, which the <see cref="WorkerRoom"/> bounds.
/// </summary>
internal sealed class ExecutorPool(
    ExecutorProgram program, MemoryGuard guard, IOptions<QueueOptions> queue, TimeProvider clock,
    ILogger<ExecutorPool> logger) : IAsyncDisposable
{
    /// <summary>What the worker's executors live on.</summary>
    public WorkerLease Lease { get; } = new(queue.Value.LeaseDuration, clock);

    private readonly ConcurrentBag<ExecutorProcess> idle = [];
    private readonly ConcurrentDictionary<int, ExecutorProcess> all = [];

    /// <summary>All processes that live, for measuring.</summary>
    public IReadOnlyCollection<ExecutorProcess> Processes => [.. all.Values.Where(process => !process.HasExited)];

    /// <summary>Starts so many ahead of the first attempts.</summary>
    public void Warm(int count)
    {
        for (var i = 0; i < count; i++)
        {
            idle.Add(Start());
        }
    }

    /// <summary>An executor that is alive, does nothing else, and has room for a task of so much memory.</summary>
    public ExecutorProcess Rent(long memoryBytes)
    {
        while (idle.TryTake(out var process))
        {
            if (process.TryLimit(memoryBytes))
            {
                return process;
            }

            Forget(process);
        }

        var fresh = Start();
        fresh.TryLimit(memoryBytes);
        return fresh;
    }

    /// <summary>Gives one back; a dead one is replaced at once, so that the next attempt finds a warm one.</summary>
    public void Return(ExecutorProcess process)
    {
        if (!process.HasExited)
        {
            idle.Add(process);
            return;
        }

        Forget(process);
        idle.Add(Start());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in all.Values)
        {
            await process.DisposeAsync();
        }
    }

    private ExecutorProcess Start()
    {
        var process = ExecutorProcess.Start(
            program.Path, queue.Value.ExecutorDeadline, logger, guard, rules: program.Rules, isWanted: () => Lease.IsHeld);
        all[process.Id] = process;
        return process;
    }

    private void Forget(ExecutorProcess process)
    {
        all.TryRemove(process.Id, out _);
        _ = process.DisposeAsync().AsTask();
    }
}
