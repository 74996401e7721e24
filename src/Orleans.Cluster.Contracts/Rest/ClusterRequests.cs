namespace Orleans.Cluster.Contracts.Rest;

/// <summary>Body of <c>cluster/start</c>; null leaves a setting as it is.</summary>
/// <param name="Workers">1 to 32.</param>
/// <param name="SlotsPerWorker">Partitions that one worker runs at a time.</param>
/// <param name="MemoryPerWorkerBytes">Memory that a worker may hand out to its executors.</param>
public sealed record ClusterStart(int? Workers = null, int? SlotsPerWorker = null, long? MemoryPerWorkerBytes = null);

/// <summary>Body of <c>cluster/stop</c>.</summary>
public sealed record ClusterStop(StopMode Mode = StopMode.Drain);

/// <summary>What happens to attempts that run when a cluster is stopped. Jobs stay resumable either way.</summary>
public enum StopMode
{
    /// <summary>They finish.</summary>
    Drain = 0,

    /// <summary>They end at once and run again later.</summary>
    Now = 1,
}

/// <summary>
/// Body of <c>cluster/scale</c>: a fixed number of workers, or both bounds, which turns autoscaling on. 1 to 32 each.
/// </summary>
public sealed record ClusterScale(int? Workers = null, int? MinWorkers = null, int? MaxWorkers = null);
