using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Worker;

/// <summary>What this worker offers and what it has handed out. A grant that does not fit is refused, whatever the queue believed.</summary>
internal sealed class WorkerLedger(IOptions<ClusterSettings> settings, GpuCount gpus)
{
    private readonly Lock gate = new();
    private int busySlots;
    private long busyMemory;
    private int busyGpus;

    public int Slots { get; } = settings.Value.SlotsPerWorker;

    public long MemoryBytes { get; } = settings.Value.MemoryPerWorkerBytes;

    public int Gpus { get; } = settings.Value.GpusPerWorker ?? gpus.Value;

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
        lock (gate)
        {
            var taken = 0;
            while (taken < count && busySlots + request.Cpu <= Slots && busyMemory + request.MemoryBytes <= MemoryBytes && busyGpus + request.Gpu <= Gpus)
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
        lock (gate)
        {
            busySlots -= request.Cpu * count;
            busyMemory -= request.MemoryBytes * count;
            busyGpus -= request.Gpu * count;
        }
    }
}
