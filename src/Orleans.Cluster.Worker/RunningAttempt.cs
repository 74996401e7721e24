using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>One attempt on this worker: what it is, whether it has started, how far it is, and the way to stop it.</summary>
internal sealed class RunningAttempt(AttemptId id, PartitionRecord partition, WorkerId worker, ResourceRequest resources)
{
    private readonly CancellationTokenSource cancellation = new();
    private int started;
    private int released;
    private string? stoppedBecause;

    public AttemptId Id { get; } = id;

    public PartitionRecord Partition { get; } = partition;

    public WorkerId Worker { get; } = worker;

    public ResourceRequest Resources { get; } = resources;

    /// <summary>Latest word from the executor.</summary>
    public TaskProgress Progress { get; set; } = new(0, 0);

    /// <summary>What it has cost, seen from outside; null before it has been in an executor.</summary>
    public TaskCost? Cost { get; set; }

    /// <summary>Whether its files went, or were going, from this machine to the artifact store.</summary>
    public bool WasKept { get; set; }

    /// <summary>Ends when nothing works for it any more.</summary>
    public Task Completion { get; set; } = Task.CompletedTask;

    public CancellationToken Cancelled => cancellation.Token;

    /// <summary>Whether it was started. One that is held and was not has a slot and does nothing.</summary>
    public bool HasStarted => Volatile.Read(ref started) != 0;

    /// <summary>True for the first caller only.</summary>
    public bool TryStart() => Interlocked.Exchange(ref started, 1) == 0;

    /// <summary>True for the first caller only.</summary>
    public bool TryRelease() => Interlocked.Exchange(ref released, 1) == 0;

    /// <summary>Why it was stopped, once <see cref="Cancelled"/> is; the first reason counts.</summary>
    public string? StoppedBecause => stoppedBecause;

    public void Cancel(string why)
    {
        Interlocked.CompareExchange(ref stoppedBecause, why, null);
        cancellation.Cancel();
    }
}
