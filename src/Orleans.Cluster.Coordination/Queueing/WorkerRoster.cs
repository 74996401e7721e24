using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Planning.Resources;

namespace Orleans.Cluster.Coordination.Queueing;

/// <summary>
/// Workers as they last reported, the reports that are held open for them, those that are to be drained, and the dead of the last
/// hour.
/// </summary>
internal sealed class WorkerRoster(TimeSpan reportHold, TimeSpan lease)
{
    private static readonly TimeSpan KeepDead = TimeSpan.FromHours(1);
    private const int MaxDead = 256;

    private readonly Dictionary<WorkerId, Seat> seats = [];
    private readonly HashSet<WorkerId> drained = [];

    private sealed record Seat(WorkerReport Report, DateTimeOffset LastSeen, HeldReport? Held, string? DeadBecause);

    private sealed record HeldReport(long Sequence, DateTimeOffset Until, TaskCompletionSource<WorkerOrders> Answer);

    /// <summary>Workers whose report is held open, which can get an order now.</summary>
    public IReadOnlyCollection<WorkerId> Waiting =>
        [.. seats.Where(pair => pair.Value.Held is not null).Select(pair => pair.Key)];

    /// <summary>Workers that are not dead.</summary>
    public IReadOnlyCollection<WorkerId> Known =>
        [.. seats.Where(pair => pair.Value.DeadBecause is null).Select(pair => pair.Key)];

    /// <summary>When a worker last reported; null when it never did here.</summary>
    public DateTimeOffset? LastSeen(WorkerId worker) => seats.TryGetValue(worker, out var seat) ? seat.LastSeen : null;

    /// <summary>Whether a worker has reported here, did not say that it was leaving, and was not told to.</summary>
    public bool WasAtWork(WorkerId worker) =>
        seats.TryGetValue(worker, out var seat) && !seat.Report.Draining && !IsDrained(worker);

    /// <summary>Whether a worker is told to take nothing new.</summary>
    public bool IsDrained(WorkerId worker) => drained.Contains(worker);

    /// <summary>
    /// These workers, and no others, are told to take nothing new. Every held report is answered, so that all of them ask again.
    /// </summary>
    public void Drain(IReadOnlyList<WorkerId> workers)
    {
        // Said again and again by the reconciler, so that a new activation hears of it: only a change is worth anything.
        if (drained.SetEquals(workers))
        {
            return;
        }

        drained.Clear();
        drained.UnionWith(workers);
        ReleaseAll();
    }

    /// <summary>
    /// Takes a report, unless a later one was faster. <c>changed</c> are jobs of which it names other attempts than the last one.
    /// </summary>
    public bool TryTake(WorkerReport report, DateTimeOffset now, out IReadOnlyCollection<JobId> changed)
    {
        var before = seats.GetValueOrDefault(report.Worker);
        var ranBefore = before?.Report.Running ?? [];
        changed = ranBefore.SequenceEqual(report.Running)
            ? []
            : [.. ranBefore.Except(report.Running).Concat(report.Running.Except(ranBefore)).Select(attempt => attempt.Task.Job)
                .Distinct()];
        if (before is not null && before.Report.Sequence > report.Sequence)
        {
            return false;
        }

        // Only one report of a worker is held; an older one is answered at once with nothing.
        before?.Held?.Answer.TrySetResult(new WorkerOrders());
        seats[report.Worker] = new Seat(report, now, null, null);
        return true;
    }

    /// <summary>Holds a worker's report open until it is answered.</summary>
    public Task<WorkerOrders> Hold(WorkerId worker, long sequence, DateTimeOffset until)
    {
        if (!seats.TryGetValue(worker, out var seat) || seat.Report.Sequence != sequence)
        {
            return Task.FromResult(new WorkerOrders());
        }

        var held = new HeldReport(sequence, until, new TaskCompletionSource<WorkerOrders>());
        seats[worker] = seat with { Held = held };
        return held.Answer.Task;
    }

    /// <summary>Answers a held report.</summary>
    public void Answer(WorkerId worker, WorkerOrders orders)
    {
        if (seats.TryGetValue(worker, out var seat) && seat.Held is { } held)
        {
            seats[worker] = seat with { Held = null };
            held.Answer.TrySetResult(orders);
        }
    }

    /// <summary>Answers reports that have been held long enough, and forgets those long dead.</summary>
    public void ReleaseOverdue(DateTimeOffset now)
    {
        foreach (var (worker, seat) in seats.Where(pair => pair.Value.Held?.Until <= now).ToList())
        {
            Answer(worker, new WorkerOrders { Drain = IsDrained(worker) });
        }

        var dead = seats.Where(pair => pair.Value.DeadBecause is not null).OrderByDescending(
            pair => pair.Value.LastSeen).ToList();
        foreach (var (worker, _) in dead.Where((pair, index) => index >= MaxDead || now - pair.Value.LastSeen > KeepDead))
        {
            seats.Remove(worker);
        }
    }

    /// <summary>Answers every held report with nothing, so that workers ask again.</summary>
    public void ReleaseAll()
    {
        foreach (var worker in seats.Keys.ToList())
        {
            Answer(worker, new WorkerOrders());
        }
    }

    /// <summary>The reports that are held open.</summary>
    public IReadOnlyList<WorkerReport> Held => [.. seats.Values.Where(seat => seat.Held is not null).Select(seat => seat.Report)];

    /// <summary>A worker is gone; it stays on the list for an hour.</summary>
    public void MarkDead(WorkerId worker, string because, DateTimeOffset now)
    {
        Answer(worker, new WorkerOrders());
        if (seats.TryGetValue(worker, out var seat))
        {
            seats[worker] = seat with { DeadBecause = because, LastSeen = seat.LastSeen };
        }
    }

    /// <summary>Workers as documents, in order of their start.</summary>
    public IReadOnlyList<WorkerStatus> Describe(DateTimeOffset now) =>
    [
        .. seats.Values
            .OrderBy(seat => seat.Report.StartedAt).ThenBy(seat => seat.Report.Worker.Value, StringComparer.Ordinal)
            .Select(seat => new WorkerStatus
            {
                Id = seat.Report.Worker,
                Address = seat.Report.Silo.Endpoint.ToString(),
                State = State(seat, WhyUnwell(seat, now)),
                Reason = seat.DeadBecause ?? WhyUnwell(seat, now),
                Slots = seat.Report.Slots,
                Busy = seat.DeadBecause is null ? seat.Report.BusySlots : 0,
                Cpu = seat.Report.Usage.Cpu,
                Memory = new WorkerMemory(seat.Report.MemoryBytes, seat.Report.BusyMemoryBytes, seat.Report.Usage.MemoryBytes),
                Gpu = seat.Report.Gpus,
                StartedAt = seat.Report.StartedAt,
                LastSeen = seat.LastSeen,
                ProcessId = seat.Report.ProcessId,
                Machine = seat.Report.Machine,
                MemoryCap = seat.Report.MemoryCap,
                SpilledBytes = seat.DeadBecause is null ? seat.Report.Usage.SpilledBytes : 0,
                ScratchFreeBytes = seat.Report.Usage.ScratchFreeBytes,
            }),
    ];

    /// <summary>Workers that should have reported by now, and why they get nothing; they are not given up yet.</summary>
    public IReadOnlyList<(WorkerId Worker, string Reason)> Silent(DateTimeOffset now) =>
    [
        .. from pair in seats
           where pair.Value.DeadBecause is null
           let reason = WorkerHealth.Judge(now - pair.Value.LastSeen, reportHold, lease)
           where reason is not null
           select (pair.Key, reason),
    ];

    private string? WhyUnwell(Seat seat, DateTimeOffset now) =>
        WorkerHealth.Judge(now - seat.LastSeen, reportHold, lease) ?? seat.Report.Unwell;

    private WorkerState State(Seat seat, string? unwell) => seat switch
    {
        { DeadBecause: not null } => WorkerState.Dead,
        { Report.Draining: true } => WorkerState.Draining,
        _ when drained.Contains(seat.Report.Worker) => WorkerState.Draining,
        _ when unwell is not null => WorkerState.Unwell,
        _ => WorkerState.Active,
    };
}
