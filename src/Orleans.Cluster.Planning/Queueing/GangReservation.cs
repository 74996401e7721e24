using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// Slots of several workers that one gang is to begin on, in two steps:
/// <code>
/// RESERVED --every worker's report names its part--> BEGINNING --one transaction begins all--> BEGUN (each worker is told to go)
///    |                                                   |
///    +-- a worker refuses or is lost, time is up,        +-- the database refuses
///    v   or the job ends                                 v
///  given back: whoever names a part of it is told to drop it
/// </code>
/// Nothing of the gang has begun before all of it has, whoever dies when: a worker that is killed earlier takes the reservation
/// with it, and one that is killed later has lost an attempt that had begun.
/// </summary>
internal sealed class GangReservation(IReadOnlyDictionary<long, Match> parts, DateTimeOffset until)
{
    private readonly HashSet<long> held = [];
    private readonly HashSet<long> untold = [];
    private IReadOnlyDictionary<long, IReadOnlyList<AttemptId>> attempts = new Dictionary<long, IReadOnlyList<AttemptId>>();

    /// <summary>What was granted, by number; no two to one worker.</summary>
    public IReadOnlyDictionary<long, Match> Parts { get; } = parts;

    /// <summary>Names it: the number of its first part.</summary>
    public long Number { get; } = parts.Keys.Min();

    /// <summary>When it is given back, unless all workers have said by then that they keep their part.</summary>
    public DateTimeOffset Until { get; } = until;

    public GangPhase Phase { get; private set; }

    public Match Stage => Parts[Number];

    /// <summary>A worker says that it keeps a part.</summary>
    public void Hold(long part) => held.Add(part);

    /// <summary>True once: all parts are kept, and it is time to begin.</summary>
    public bool TryBegin()
    {
        if (Phase != GangPhase.Reserved || held.Count < Parts.Count)
        {
            return false;
        }

        Phase = GangPhase.Beginning;
        return true;
    }

    /// <summary>The database has begun it.</summary>
    /// <param name="byWorker">Attempts that each worker holds.</param>
    /// <param name="isLost">Whether a worker has gone meanwhile; it cannot be told.</param>
    public void Begun(ILookup<WorkerId, AttemptId> byWorker, Func<WorkerId, bool> isLost)
    {
        Phase = GangPhase.Begun;
        attempts = Parts.ToDictionary(part => part.Key, part => (IReadOnlyList<AttemptId>)[.. byWorker[part.Value.Worker]]);
        untold.UnionWith(Parts.Where(part => !isLost(part.Value.Worker)).Select(part => part.Key));
    }

    /// <summary>Whether a part's worker has heard that it has begun, or cannot hear it any more.</summary>
    public bool IsTold(long part) => Phase == GangPhase.Begun && !untold.Contains(part);

    /// <summary>A part's worker is gone.</summary>
    public void Lose(long part) => untold.Remove(part);

    /// <summary>
    /// What to tell a worker of its part; null for nothing. Told again while it says that it waits, since an answer may be lost.
    /// </summary>
    public IReadOnlyList<AttemptId>? Tell(long part, bool waits) =>
        Phase == GangPhase.Begun && (untold.Remove(part) || waits) ? attempts[part] : null;
}

/// <summary>How far a reservation is.</summary>
internal enum GangPhase
{
    Reserved,
    Beginning,
    Begun,
}

/// <summary>A gang whose slots are all kept free: to begin in one transaction, all of it or nothing.</summary>
/// <param name="Number">Names the reservation.</param>
/// <param name="Job">The job.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Stage">The stage.</param>
/// <param name="Workers">Who begins how many tasks.</param>
public sealed record GangBegin(long Number, JobId Job, int Epoch, int Stage, IReadOnlyList<(WorkerId Worker, int Count)> Workers);

/// <summary>What a worker is told about gangs.</summary>
/// <param name="Go">Parts that have begun, by number, with the attempts that the worker now holds.</param>
/// <param name="Drop">Parts that it keeps free for nothing.</param>
/// <param name="GiveBack">
/// Attempts that it shall stop, because their gang is short of a member that was not replaced in time.
/// </param>
public sealed record GangOrders(
    IReadOnlyList<(long Number, IReadOnlyList<AttemptId> Attempts)> Go, IReadOnlyList<long> Drop,
    IReadOnlyList<AttemptId> GiveBack)
{
    /// <summary>Whether there is nothing to say.</summary>
    public bool IsEmpty => Go.Count == 0 && Drop.Count == 0 && GiveBack.Count == 0;
}

/// <summary>Bounds of gangs.</summary>
/// <param name="Turn">How long one may keep slots free that do not suffice yet; then others have a turn as long.</param>
/// <param name="Confirmation">How long a reservation waits for its workers' reports.</param>
/// <param name="Replacement">
/// How long a gang that lost a member waits for another before its other members are given back.
/// </param>
public sealed record GangBounds(TimeSpan Turn, TimeSpan Confirmation, TimeSpan Replacement);
