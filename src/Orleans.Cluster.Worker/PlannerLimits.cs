using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Worker;

/// <summary>What one planning process may use.</summary>
/// <param name="ResidentBytes">Resident bytes above which it is killed.</param>
/// <param name="DataBytes">
/// Bytes of writable memory that the kernel gives it (<c>RLIMIT_DATA</c>): what it can take between two looks.
/// </param>
/// <param name="WatchInterval">Time between two looks.</param>
internal sealed record PlannerLimits(long ResidentBytes, long DataBytes, TimeSpan WatchInterval)
{
    // Reserved and not touched by the collector and the allocator of the engine: a share that grows with what is used.
    private const int DataPerResident = 2;

    public static PlannerLimits Of(ExecutorOptions options) =>
        new(options.PlanningMemoryBytes, DataPerResident * options.PlanningMemoryBytes, options.WatchInterval);
}
