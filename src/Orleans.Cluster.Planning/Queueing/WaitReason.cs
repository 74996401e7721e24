using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>Why a job that has not ended is where it is, from what the queue knows.</summary>
public static class WaitReason
{
    /// <summary>The reason, with numbers that a reader can check.</summary>
    /// <param name="job">The job.</param>
    /// <param name="running">Its tasks that run, those that were just given to a worker among them.</param>
    /// <param name="ahead">Jobs before it that have tasks ready.</param>
    /// <param name="workers">Workers that live.</param>
    /// <param name="stopped">The cluster was stopped on request.</param>
    /// <param name="callers">Callers who have tasks ready and take turns within a level of priority.</param>
    public static JobReason Explain(
        ActiveJob job, int running, int ahead, IReadOnlyCollection<WorkerSnapshot> workers, bool stopped, int callers = 1)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(workers);
        var slots = workers.Sum(worker => worker.Slots);
        var busy = workers.Sum(worker => worker.Slots - worker.FreeSlots);
        var ready = job.Stages.Sum(stage => stage.Ready);
        return job.Phase switch
        {
            JobPhase.Planning => new JobReason(ReasonCode.Planning, "Its sources are being probed and its stages made."),
            JobPhase.Publishing => new JobReason(ReasonCode.Publishing, "Its output is being made visible."),
            JobPhase.Cancelling => new JobReason(ReasonCode.Cancelling, $"{running} attempts are being stopped."),
            JobPhase.Queued when !job.IsOpen && job.DependsOn.Count > 0 =>
                new JobReason(ReasonCode.WaitingForDependency, $"It waits for {string.Join(", ", job.DependsOn)}."),
            JobPhase.Queued when !job.IsOpen => new JobReason(ReasonCode.Planning, "It was accepted and is about to be planned."),
            _ when running > 0 => new JobReason(ReasonCode.Running, $"{busy} of {slots} slots busy, {running} with this job."),
            _ when stopped =>
                new JobReason(ReasonCode.ClusterStopped, "The cluster was stopped on request; cluster/start goes on."),
            _ when ready == 0 && job.Stages.Any(stage => stage.BackingOff > 0) => BackingOff(job),
            _ when ready == 0 => new JobReason(ReasonCode.Planning, "Its next stage is being opened."),
            _ => WaitingForWorkers(job, ahead, workers, busy, slots, callers),
        };
    }

    private static JobReason BackingOff(ActiveJob job)
    {
        var next = job.Stages.Min(stage => stage.NextReadyAt);
        var when = next is { } at ? at.UtcDateTime.ToString("HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "soon";
        return new JobReason(
            ReasonCode.BackingOff,
            $"{job.Stages.Sum(stage => stage.BackingOff)} partitions failed and wait; the next begins at {when}.");
    }

    private static JobReason WaitingForWorkers(
        ActiveJob job, int ahead, IReadOnlyCollection<WorkerSnapshot> workers, int busy, int slots, int callers)
    {
        var open = workers.Where(worker => worker.IsOpen).ToList();
        if (workers.Count == 0)
        {
            return new JobReason(ReasonCode.NoWorkers, "No workers are connected.");
        }

        if (open.Count == 0)
        {
            var unwell = workers.FirstOrDefault(worker => worker.Unwell is not null)?.Unwell;
            return unwell is null
                ? new JobReason(ReasonCode.WorkersDraining, $"All {workers.Count} workers are draining.")
                : new JobReason(ReasonCode.NoWorkers, $"No worker can take tasks: {unwell}");
        }

        if (job.Resources.Gpu > open.Max(worker => worker.Gpus))
        {
            return new JobReason(
                ReasonCode.WaitingForGpu,
                $"A task needs {job.Resources.Gpu} GPUs; the largest worker has {open.Max(worker => worker.Gpus)}.");
        }

        if (job.Resources.MemoryBytes > open.Max(worker => worker.MemoryBytes))
        {
            return new JobReason(
                ReasonCode.WaitingForMemory,
                $"A task needs {job.Resources.MemoryBytes} bytes; the largest worker has "
                + $"{open.Max(worker => worker.MemoryBytes)}.");
        }

        if (job.Gang && job.Stages.FirstOrDefault(stage => stage.Ready > 0) is { } stage)
        {
            var (width, most) = (GangPolicy.Width(stage), open.Sum(worker => worker.AtOnce(job.Resources)));
            return new JobReason(
                ReasonCode.WaitingForGang,
                width > most
                    ? $"Its {width} tasks begin at once; the {open.Count} workers that there are could run {most} of them."
                    : $"It needs {width * job.Resources.Cpu} slots at once; {slots - busy} are free.");
        }

        var bySlots = open.Where(worker => worker.FreeSlots >= job.Resources.Cpu).ToList();
        if (bySlots.Count > 0 && bySlots.All(worker => worker.FreeMemoryBytes < job.Resources.MemoryBytes))
        {
            return new JobReason(
                ReasonCode.WaitingForMemory,
                $"A task needs {job.Resources.MemoryBytes} bytes; at most {bySlots.Max(worker => worker.FreeMemoryBytes)} are "
                + "free on a worker with a free slot.");
        }

        if (bySlots.Count > 0 && bySlots.All(worker => worker.FreeGpus < job.Resources.Gpu))
        {
            return new JobReason(ReasonCode.WaitingForGpu, $"A task needs {job.Resources.Gpu} GPUs; none are free.");
        }

        // Who is ahead by level and age need not be served before, where callers take turns.
        var room = $"{busy} of {slots} slots busy{(callers > 1 ? $", for which {callers} callers take turns" : "")}.";
        return ahead > 0
            ? new JobReason(ReasonCode.QueuedBehind, $"{(ahead == 1 ? "1 job is" : $"{ahead} jobs are")} ahead of it; {room}")
            : new JobReason(ReasonCode.WaitingForSlot, $"{(callers > 1 ? "No job is ahead of it" : "It is next")}; {room}");
    }
}
