using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// What a worker offers and what it has handed out. What does not fit is refused, whatever the queue believed. Safe for several
/// threads.
/// </summary>
/// <param name="slots">Tasks of one thread that it runs at once.</param>
/// <param name="memoryBytes">Memory for its tasks.</param>
/// <param name="gpus">GPUs for its tasks.</param>
public sealed class WorkerRoom(int slots, long memoryBytes, int gpus)
{
    private readonly Lock gate = new();
    private int busySlots;
    private long busyMemory;
    private int busyGpus;

    /// <summary>Tasks of one thread that it runs at once.</summary>
    public int Slots => slots;

    /// <summary>Memory for its tasks.</summary>
    public long MemoryBytes => memoryBytes;

    /// <summary>GPUs for its tasks.</summary>
    public int Gpus => gpus;

    /// <summary>Slots, memory and GPUs in use, read together.</summary>
    public (int Slots, long MemoryBytes, int Gpus) Busy
    {
        get
        {
            lock (gate)
            {
                return (busySlots, busyMemory, busyGpus);
            }
        }
    }

    /// <summary>Takes as many tasks of this size as fit, at most <paramref name="count"/>; answers how many.</summary>
    public int TryReserve(ResourceRequest request, int count)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (gate)
        {
            var taken = 0;
            while (taken < count && busySlots + request.Cpu <= slots && busyMemory + request.MemoryBytes <= memoryBytes
                && busyGpus + request.Gpu <= gpus)
            {
                busySlots += request.Cpu;
                busyMemory += request.MemoryBytes;
                busyGpus += request.Gpu;
                taken++;
            }

            return taken;
        }
    }

    /// <summary>Gives tasks of this size back.</summary>
    public void Release(ResourceRequest request, int count)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (gate)
        {
            busySlots -= request.Cpu * count;
            busyMemory -= request.MemoryBytes * count;
            busyGpus -= request.Gpu * count;
        }
    }
}
