namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// A worker's book of grants, by number:
/// <code>
/// granted --room--> OPEN ----------------------begun, or never--> closed
///    |                                              ^
///    +--a part of a gang, room for all of it--> HELD (and open) --go--+
///                                                |
///                                                +--drop, drain--> dropped, its room given back
/// </code>
/// and of its reports that were not answered yet, whose answers may bear grants that nothing else here knows of. Each call is one
/// change, so that what is described misses no grant that passes from one to the next. Safe for several threads.
/// </summary>
/// <param name="room">What grants are taken out of.</param>
public sealed class GrantBook(WorkerRoom room)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<long, Match> open = [];
    private readonly SortedSet<long> held = [];
    private readonly SortedSet<long> unanswered = [];
    private long lastReport;

    /// <summary>Raised when room was given back or a grant was closed: worth a new report.</summary>
    public event Action? Changed;

    /// <summary>Takes nothing new.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>Whether no grant is open.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return open.Count == 0;
            }
        }
    }

    /// <summary>Whether a grant is about to begin: one that is open and not held for its gang.</summary>
    public bool IsBeginning
    {
        get
        {
            lock (gate)
            {
                return open.Count > held.Count;
            }
        }
    }

    /// <summary>
    /// A report is made now. It is unanswered from here on, and does not name itself; one that cannot be made is never sent, and
    /// so not waited for.
    /// </summary>
    /// <param name="make">Makes it of its number and what it says of grants.</param>
    public T BeginReport<T>(Func<GrantReport, T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        GrantReport report;
        lock (gate)
        {
            report = new GrantReport(++lastReport, [.. open.Keys], [.. held], [.. unanswered], IsDraining);
            unanswered.Add(report.Number);
        }

        try
        {
            return make(report);
        }
        catch
        {
            EndReport(report.Number);
            throw;
        }
    }

    /// <summary>The answer has been followed, or will not come.</summary>
    public void EndReport(long number)
    {
        lock (gate)
        {
            unanswered.Remove(number);
        }
    }

    /// <summary>
    /// Opens a grant with the room that there is; one that was opened before a drain is waited for by it, and none is opened
    /// after. A part of a gang is kept whole or not at all, and held until it is told to go.
    /// </summary>
    /// <returns>How many of its tasks there is room for.</returns>
    public int Open(long number, Match match)
    {
        ArgumentNullException.ThrowIfNull(match);
        lock (gate)
        {
            var reserved = IsDraining ? 0 : room.TryReserve(match.Resources, match.Count);
            if (match.Together && reserved < match.Count)
            {
                room.Release(match.Resources, reserved);
                return 0;
            }

            if (reserved > 0)
            {
                open[number] = match;
                if (match.Together)
                {
                    held.Add(number);
                }
            }

            return reserved;
        }
    }

    /// <summary>Keeps a part of a gang free no longer. Nothing happens to one that is not held.</summary>
    public void Drop(long number)
    {
        lock (gate)
        {
            if (!held.Remove(number))
            {
                return;
            }

            open.Remove(number, out var match);
            room.Release(match!.Resources, match.Count);
        }

        Changed?.Invoke();
    }

    /// <summary>
    /// A part of a gang has begun. Said again while a report that names the part is on its way: the match is there the first time
    /// only.
    /// </summary>
    /// <returns>
    /// The part to begin, if it is held; and whether the grant is known at all: one that is not was let go meanwhile.
    /// </returns>
    public (Match? Begins, bool IsKnown) Go(long number)
    {
        lock (gate)
        {
            return (held.Remove(number) ? open[number] : null, open.ContainsKey(number));
        }
    }

    /// <summary>A grant is no longer open: its attempts are among those that run, or it did not begin.</summary>
    /// <param name="number">Which one. One that is closed already stays so.</param>
    /// <param name="unused">Tasks that there was room for and that were not begun; their room is given back.</param>
    public void Close(long number, int unused)
    {
        lock (gate)
        {
            if (!open.Remove(number, out var match))
            {
                return;
            }

            held.Remove(number);
            room.Release(match.Resources, unused);
        }

        Changed?.Invoke();
    }

    /// <summary>Takes nothing new from here on, and keeps nothing free for gangs.</summary>
    public void Drain()
    {
        long[] parts;
        lock (gate)
        {
            IsDraining = true;
            parts = [.. held];
        }

        foreach (var part in parts)
        {
            Drop(part);
        }
    }
}

/// <summary>What a report says of grants.</summary>
/// <param name="Number">Number of the report.</param>
/// <param name="Open">Grants that have not begun yet, those that are held among them.</param>
/// <param name="Held">Parts of gangs that are kept free and were not told to begin.</param>
/// <param name="Unanswered">Earlier reports whose answer has not been followed.</param>
/// <param name="IsDraining">Whether nothing new is taken.</param>
public sealed record GrantReport(
    long Number, IReadOnlyList<long> Open, IReadOnlyList<long> Held, IReadOnlyList<long> Unanswered, bool IsDraining);
