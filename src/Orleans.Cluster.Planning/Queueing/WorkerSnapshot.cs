using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>What one worker offers and has left, as it says itself.</summary>
public sealed record WorkerSnapshot(
    WorkerId Id, int Slots, long MemoryBytes, int Gpus, int FreeSlots, long FreeMemoryBytes, int FreeGpus, bool Draining,
    string? Unwell)
{
    /// <summary>Whether it may get new tasks.</summary>
    public bool IsOpen => !Draining && Unwell is null;

    /// <summary>Whether one task fits into what is free now.</summary>
    public bool Fits(ResourceRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return IsOpen && request.Cpu <= FreeSlots && request.MemoryBytes <= FreeMemoryBytes && request.Gpu <= FreeGpus;
    }

    /// <summary>Whether one task would fit if the worker were idle.</summary>
    public bool CouldFit(ResourceRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Cpu <= Slots && request.MemoryBytes <= MemoryBytes && request.Gpu <= Gpus;
    }

    /// <summary>Tasks of this size that run at once on the idle worker.</summary>
    public long AtOnce(ResourceRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Math.Min(
            Math.Min(Slots / Math.Max(1, request.Cpu), MemoryBytes / Math.Max(1, request.MemoryBytes)),
            request.Gpu == 0 ? int.MaxValue : Gpus / request.Gpu);
    }

    /// <summary>The worker with tasks of this size taken out of what is free.</summary>
    public WorkerSnapshot Take(ResourceRequest request, int count)
    {
        ArgumentNullException.ThrowIfNull(request);
        return this with
        {
            FreeSlots = FreeSlots - (request.Cpu * count),
            FreeMemoryBytes = FreeMemoryBytes - (request.MemoryBytes * count),
            FreeGpus = FreeGpus - (request.Gpu * count),
        };
    }
}
