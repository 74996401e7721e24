using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Queueing;

/// <summary>Finds workers that are lost, as <see cref="WorkerLoss"/> has it, and gives back what they ran.</summary>
internal sealed partial class LostWorkers(
    ICheckpointStore checkpoints, IClusterMembershipService membership, WorkerRoster roster, QueueLedger ledger, WorkerLoss loss,
    TimeProvider clock, ILogger logger)
{
    /// <summary>Marks those that are lost by now; they get nothing more, and their grants are void.</summary>
    /// <returns>Who they are.</returns>
    public IReadOnlyList<WorkerId> Mark(DateTimeOffset now)
    {
        var lost = new List<WorkerId>();
        foreach (var worker in roster.Known)
        {
            if (Why(worker, now) is { } why)
            {
                roster.MarkDead(worker, why, now);
                ledger.Remove(worker);
                lost.Add(worker);
            }
        }

        return lost;
    }

    /// <summary>Gives back what running partitions say that lost workers hold.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="released">Takes the jobs of each that something was taken from.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task Release(
        DateTimeOffset now, Action<IReadOnlyCollection<JobId>> released, CancellationToken cancellationToken)
    {
        foreach (var (holder, count) in await checkpoints.ListHolders(cancellationToken))
        {
            var why = Why(holder, now);
            var mayStillCompute = loss.MayStillCompute(roster.LastSeen(holder), why is not null, now);
            if (why is null && mayStillCompute)
            {
                continue;
            }

            var attempts = await ReleaseFrom(holder, why is not null, mayStillCompute, cancellationToken);
            if (attempts.Count > 0)
            {
                Log.WorkerLost(
                    logger, holder, why ?? "It is silent, and its executors have passed their deadline.", attempts.Count, count);
                released([.. attempts.Select(attempt => attempt.Task.Job).Distinct()]);
            }
        }
    }

    private async Task<IReadOnlyList<AttemptId>> ReleaseFrom(
        WorkerId holder, bool isLost, bool mayStillCompute, CancellationToken cancellationToken)
    {
        var cancelling = ledger.Jobs.Where(job => job.Phase == JobPhase.Cancelling).Select(job => job.Id).ToHashSet();
        var held = WorkerLoss.GivenBack(
            await checkpoints.ListHeld(holder, cancellationToken), cancelling.Contains, isLost, mayStillCompute);
        return held.Count == 0
            ? []
            : await checkpoints.Release(new WorkerRelease(holder, held, clock.GetUtcNow(), HasDied(holder)), cancellationToken);
    }

    private string? Why(WorkerId worker, DateTimeOffset now) => loss.Why(Standing(worker), roster.LastSeen(worker), now);

    // One that was heard of here, did not leave in order, and is dead to membership: its process ended while it ran something.
    // What was lost with everything, this silo too, is nobody's fault, and so is silence alone.
    private bool HasDied(WorkerId worker) => Standing(worker) == SiloStanding.Dead && roster.WasAtWork(worker);

    private SiloStanding Standing(WorkerId worker) => !WorkerIds.TryGetSilo(worker, out var silo)
        ? SiloStanding.Present
        : membership.CurrentSnapshot.GetSiloStatus(silo) switch
        {
            SiloStatus.Dead => SiloStanding.Dead,
            SiloStatus.None => SiloStanding.Unknown,
            _ => SiloStanding.Present,
        };

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 201, Level = LogLevel.Warning,
            Message = "Worker {Worker} is lost: {Why} {Released} of {Held} attempts wait again.")]
        public static partial void WorkerLost(ILogger logger, WorkerId worker, string why, int released, int held);
    }
}
