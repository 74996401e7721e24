using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>Tells which instance of a scale target a worker is, and what the instance's end says of the worker.</summary>
public static class WorkerMatch
{
    // Between the start of a process and the first line of its silo; the clock of another machine may be a little off.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Whether they are the same: same machine, and same process where the target knows it.</summary>
    /// <remarks>
    /// A number of a process is given out again some day, and a container may start a second process: a worker that began before
    /// its instance, or after the instance's end, is another one.
    /// </remarks>
    public static bool Is(WorkerStatus worker, ScaleInstance instance)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(instance);
        return worker.Machine == instance.Machine
            && (instance.ProcessId is not { } process || worker.ProcessId == process)
            && worker.StartedAt >= instance.StartedAt - ClockSkew
            && (instance.End is not { } end || worker.StartedAt <= end.At + ClockSkew);
    }

    /// <summary>The worker after its instance has ended.</summary>
    public static WorkerStatus MarkDead(WorkerStatus worker, InstanceEnd end)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(end);
        return worker with
        {
            State = WorkerState.Dead,
            Busy = 0,
            Cpu = 0,
            Reason = end.WasRequested ? $"Stopped on request: {end.Detail}." : $"It died: {end.Detail}.",
        };
    }
}
