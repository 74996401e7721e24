using System.Collections.Concurrent;
using Orleans.Cluster.Coordination.Calls;

namespace Orleans.Cluster.ClusterTests;

/// <summary>The address of an attempt of a <see cref="FakeWorker"/>.</summary>
internal sealed class FakePartitionGrain(RunningTasks tasks) : Grain, IPartitionGrain
{
    public Task Start() => Task.CompletedTask;

    public Task<bool> Cancel() => tasks.StopAsync(this.GetPrimaryKeyString());
}

/// <summary>What runs in the workers of one world, by the addresses of its attempts.</summary>
internal sealed class RunningTasks
{
    private readonly ConcurrentDictionary<string, (CancellationTokenSource Stop, Task Ended)> tasks = new();

    public void Add(string key, CancellationTokenSource stop, Task ended)
    {
        tasks[key] = (stop, ended);
        _ = ended.ContinueWith(_ => tasks.TryRemove(key, out var _), TaskScheduler.Default);
    }

    /// <summary>Ends when nothing runs for it any more; whether something did.</summary>
    public async Task<bool> StopAsync(string key)
    {
        if (!tasks.TryGetValue(key, out var task))
        {
            return false;
        }

        await task.Stop.CancelAsync();
        await task.Ended;
        return true;
    }
}
