using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>Writes this worker's reports.</summary>
internal sealed class ReportMaker(WorkerIdentity self, WorkerRoom room, WorkerMeter meter, AttemptRunner runner, GrantBook book)
{
    /// <summary>The report of this moment. It is unanswered until <see cref="End"/>.</summary>
    public WorkerReport Begin() => book.BeginReport(Describe);

    // Grants before what runs: a grant is closed only after its attempts are among these, so that none is missed in between.
    private WorkerReport Describe(GrantReport grants)
    {
        AttemptId[] running = [.. runner.Attempts.Select(attempt => attempt.Id)];
        var busy = room.Busy;
        return new WorkerReport
        {
            Worker = self.Id,
            Silo = self.Silo,
            Sequence = grants.Number,
            Slots = room.Slots,
            MemoryBytes = room.MemoryBytes,
            Gpus = room.Gpus,
            BusySlots = busy.Slots,
            BusyMemoryBytes = busy.MemoryBytes,
            BusyGpus = busy.Gpus,
            Running = running,
            OpenGrants = grants.Open,
            Held = grants.Held,
            Unanswered = grants.Unanswered,
            Draining = grants.IsDraining,
            Unwell = meter.Unwell(),
            Usage = meter.Usage(),
            MemoryCap = meter.MemoryCap,
            StartedAt = self.StartedAt,
            ProcessId = Environment.ProcessId,
            Machine = self.Machine,
        };
    }

    /// <summary>A report's answer has been followed, or will not come.</summary>
    public void End(WorkerReport report) => book.EndReport(report.Sequence);
}
