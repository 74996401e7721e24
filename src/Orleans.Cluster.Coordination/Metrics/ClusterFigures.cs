using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Metrics;

/// <summary>The cluster's figures at one moment by name, as they are stored, served and exported.</summary>
internal static class ClusterFigures
{
    public static IReadOnlyDictionary<string, double> Of(
        IReadOnlyCollection<WorkerStatus> workers, QueueFigures queue, WorkDone done, double seconds)
    {
        var living = workers.Where(worker => worker.State != WorkerState.Dead).ToList();
        var figures = new Dictionary<string, double>
        {
            ["workers"] = living.Count,
            ["workersActive"] = living.Count(worker => worker.State == WorkerState.Active),
            ["slots"] = living.Sum(worker => worker.Slots),
            ["slotsBusy"] = living.Sum(worker => worker.Busy),
            ["cpu"] = Math.Round(living.Sum(worker => worker.Cpu), 2),
            ["memoryOfferedBytes"] = living.Sum(worker => worker.Memory.OfferedBytes),
            ["memoryGrantedBytes"] = living.Sum(worker => worker.Memory.GrantedBytes),
            ["memoryUsedBytes"] = living.Sum(worker => worker.Memory.UsedBytes),
            ["jobsActive"] = queue.ActiveJobs,
            ["partitionsRunning"] = queue.RunningPartitions,
            ["partitionsPerSecond"] = done.Partitions / seconds,
            ["rowsPerSecond"] = done.Rows / seconds,
            ["bytesPerSecond"] = done.Bytes / seconds,
            ["failuresPerSecond"] = done.Failures / seconds,
            ["lostPerSecond"] = done.Lost / seconds,
        };
        foreach (var level in queue.Backlog)
        {
            figures[$"partitionsWaiting{level.Priority}"] = level.Partitions;
        }

        return figures;
    }
}
