using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// Requests that could never be met, whatever ends and however long one waits: a task that is larger than every worker, a gang
/// that is wider than the cluster can become. What is not known (no worker has been seen, and nobody says how many there may be)
/// is no reason to refuse.
/// </summary>
public static class Admission
{
    /// <summary>Why no worker could ever run one task of this size; null when one could.</summary>
    /// <param name="request">What the task asks for.</param>
    /// <param name="workers">Workers as the queue lists them.</param>
    /// <param name="reach">What the cluster can become; null when workers are run by hand or that is not known.</param>
    public static ClusterException? RefuseTask(ResourceRequest request, IReadOnlyList<WorkerStatus> workers, ClusterReach? reach)
    {
        ArgumentNullException.ThrowIfNull(request);
        var offers = Offers(workers, reach);
        if (offers.Count == 0 || offers.Any(offer => offer.AtOnce(request) > 0))
        {
            return null;
        }

        var largest = offers.OrderByDescending(offer => offer.MemoryBytes).ThenByDescending(offer => offer.Slots).First();
        var faults = new List<Fault>();
        Check("cpu", request.Cpu, offers.Max(offer => offer.Slots), "slots");
        Check("memoryBytes", request.MemoryBytes, offers.Max(offer => offer.MemoryBytes), "bytes of memory");
        Check("gpu", request.Gpu, offers.Max(offer => offer.Gpus), "GPUs");
        return new ClusterException(
            ProblemCode.ResourcesImpossible,
            $"No worker could ever run a task with {request.Cpu} slots, {request.MemoryBytes} bytes of memory and {request.Gpu} "
            + "GPUs; " +
            $"the largest worker, {largest.Id}, has {largest.Slots} slots, {largest.MemoryBytes} bytes and {largest.Gpus} GPUs.",
            "Ask for less, or start larger workers (Cluster:MemoryPerWorkerBytes, Cluster:SlotsPerWorker).",
            faults);

        void Check(string name, long asked, long most, string unit)
        {
            if (asked > most)
            {
                faults.Add(new Fault(
                    $"/resources/{name}", ProblemCode.ResourcesImpossible.Word,
                    $"A task asks for {asked} {unit}; the most that a worker has is {most}."));
            }
        }
    }

    /// <summary>Why so many tasks could never run at once; null when they could.</summary>
    /// <param name="width">Tasks of the gang's widest stage.</param>
    /// <param name="request">What each asks for.</param>
    /// <param name="workers">Workers as the queue lists them.</param>
    /// <param name="reach">What the cluster can become; null when workers are run by hand or that is not known.</param>
    public static ClusterException? RefuseGang(
        int width, ResourceRequest request, IReadOnlyList<WorkerStatus> workers, ClusterReach? reach)
    {
        ArgumentNullException.ThrowIfNull(request);
        var live = Offers(workers, null);
        if (live.Count == 0 && reach is null)
        {
            return null;
        }

        var now = live.Sum(offer => offer.AtOnce(request));
        var most = reach is null ? now : Math.Max(now, reach.MaxWorkers * Shaped(reach, live).AtOnce(request));
        if (width <= most)
        {
            return null;
        }

        var there = reach is null
            ? $"the {live.Count} workers that there are run {now} of them"
            : $"at most {reach.MaxWorkers} workers with {reach.Shape.Slots} slots and {reach.Shape.MemoryBytes} bytes each run "
            + $"{most} of them";
        return new ClusterException(
            ProblemCode.ResourcesImpossible,
            $"The gang has {width} tasks, which begin at once, each with {request.Cpu} slots, {request.MemoryBytes} bytes of "
            + $"memory and {request.Gpu} GPUs; {there}.",
            "Cut fewer partitions (partitioning.targetBytes), ask for less for each, or give the cluster more workers "
            + "(cluster/scale).",
            [new Fault("/gang", ProblemCode.ResourcesImpossible.Word,
                $"{width} tasks begin at once; the most that the cluster can run is {most}.")]);
    }

    private static List<WorkerSnapshot> Offers(IReadOnlyList<WorkerStatus> workers, ClusterReach? reach)
    {
        ArgumentNullException.ThrowIfNull(workers);
        List<WorkerSnapshot> live =
        [
            .. workers.Where(worker => worker.State is WorkerState.Active or WorkerState.Unwell or WorkerState.Draining)
                .Select(worker => Idle(worker.Id, worker.Slots, worker.Memory.OfferedBytes, worker.Gpu)),
        ];
        return reach is { MaxWorkers: > 0 } ? [.. live, Shaped(reach, live)] : live;
    }

    // GPUs are what a machine has, which nobody knows before a worker on it has said so.
    private static WorkerSnapshot Shaped(ClusterReach reach, List<WorkerSnapshot> live) => Idle(
        new WorkerId("a new one"), reach.Shape.Slots, reach.Shape.MemoryBytes, live.Count == 0
        ? int.MaxValue
        : live.Max(worker => worker.Gpus));

    private static WorkerSnapshot Idle(WorkerId id, int slots, long memoryBytes, int gpus) =>
        new(id, slots, memoryBytes, gpus, slots, memoryBytes, gpus, Draining: false, Unwell: null);
}
