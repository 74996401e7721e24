using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Coordination.Queueing;

/// <summary>Answers the reports that are held open, with what the <see cref="QueueLedger"/> has for their workers.</summary>
internal sealed class QueueAnswers(QueueLedger ledger, WorkerRoster roster, TimeProvider clock)
{
    /// <summary>
    /// Takes a report into the ledger. Its answer, if the worker has to do something before it may be given anything; null when
    /// it hasn't.
    /// </summary>
    public WorkerOrders? Take(WorkerReport report)
    {
        var snapshot = new WorkerSnapshot(
            report.Worker, report.Slots, report.MemoryBytes, report.Gpus,
            report.Slots - report.BusySlots, report.MemoryBytes - report.BusyMemoryBytes, report.Gpus - report.BusyGpus,
            report.Draining || roster.IsDrained(report.Worker), report.Unwell);
        ledger.Report(snapshot, report.Sequence, report.OpenGrants, report.Unanswered, report.Held, report.Running);
        return FirstOf(report);
    }

    /// <summary>Gives what is free on workers that wait for orders.</summary>
    public void Grant()
    {
        foreach (var group in ledger.Grant(roster.Waiting, clock.GetUtcNow()).GroupBy(grant => grant.Match.Worker))
        {
            var grants = group.Select(grant => new Grant(
                grant.Number, grant.Match.Job, grant.Match.Epoch, grant.Match.Stage, grant.Match.Count, grant.Match.Resources,
                grant.Match.Together));
            roster.Answer(group.Key, new WorkerOrders { Grants = [.. grants], Drain = roster.IsDrained(group.Key) });
        }
    }

    /// <summary>Tells workers that wait for orders what they have to do first.</summary>
    public void SendFirst()
    {
        foreach (var report in roster.Held)
        {
            if (FirstOf(report) is { } orders)
            {
                roster.Answer(report.Worker, orders);
            }
        }
    }

    // Attempts to stop, and parts of gangs to begin or to let go.
    private WorkerOrders? FirstOf(WorkerReport report)
    {
        var cancels = ledger.Unwanted(report.Running);
        var gangs = ledger.OrdersFor(report.Worker, report.Held, report.Running);
        return cancels.Count == 0 && gangs.IsEmpty
            ? null
            : new WorkerOrders
            {
                Cancels = cancels,
                Go = [.. gangs.Go.Select(part => new GangGo(part.Number, part.Attempts))],
                Drop = gangs.Drop,
                GiveBack = gangs.GiveBack,
                Drain = roster.IsDrained(report.Worker),
            };
    }
}
