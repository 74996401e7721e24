using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Coordination.Queueing;

/// <summary>
/// Reads for the <see cref="QueueLedger"/> what the database says: the jobs of which something was heard at once, one read at a
/// time, and all of them now and then, since what should have been heard may have been lost. The more jobs there are, the rarer
/// it reads all: it takes a small share of the time whatever their number.
/// </summary>
internal sealed class QueueReader
{
    private const int MostAtOnce = 100;
    private const int PauseFactor = 50;

    // Where no job is active, what may have been missed is a job that was just accepted, which wakes the queue itself.
    private const int IdleFactor = 5;
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private readonly IJobStore jobs;
    private readonly QueueLedger ledger;
    private readonly TimeSpan interval;
    private readonly TimeProvider clock;
    private readonly Action whenRead;
    private readonly Coalesced reads;
    private readonly HashSet<JobId> wanted = [];
    private readonly HashSet<JobId> noted = [];
    private DateTimeOffset nextFull;
    private bool isFullDue = true;

    /// <param name="jobs">The database.</param>
    /// <param name="ledger">Takes what was read.</param>
    /// <param name="interval">How often all is read, at least.</param>
    /// <param name="clock">For pauses.</param>
    /// <param name="whenRead">Called after each read.</param>
    public QueueReader(IJobStore jobs, QueueLedger ledger, TimeSpan interval, TimeProvider clock, Action whenRead)
    {
        (this.jobs, this.ledger, this.interval, this.clock, this.whenRead) = (jobs, ledger, interval, clock, whenRead);
        reads = new Coalesced(ReadNext, Pause, clock);
    }

    /// <summary>Reads these jobs as soon as no other read is under way.</summary>
    public void Read(IEnumerable<JobId> ids)
    {
        wanted.UnionWith(ids);
        Run().Ignore();
    }

    /// <summary>These jobs are read with the next tick.</summary>
    public void Note(IEnumerable<JobId> ids) => noted.UnionWith(ids);

    /// <summary>Reads what is due by now.</summary>
    public Task ReadDue()
    {
        wanted.UnionWith(noted);
        noted.Clear();
        var now = clock.GetUtcNow();
        if (ledger.NextReady is var (at, job) && at <= now)
        {
            wanted.Add(job);
        }

        isFullDue |= now >= nextFull;
        return IsDue ? Run() : Task.CompletedTask;
    }

    private bool IsDue => isFullDue || wanted.Count > 0;

    // Who asks while a read is under way waits for that one and for what it leaves.
    private Task Run()
    {
        reads.Ask().Ignore();
        return reads.LastRun;
    }

    private async Task ReadNext()
    {
        await (isFullDue ? ReadFull() : wanted.Count > 0 ? ReadSome() : Task.CompletedTask);
        if (IsDue)
        {
            reads.AskAgain();
        }
    }

    // Each job that begins or ends asks for a read; reads without a pause would leave the process nothing.
    private static TimeSpan Pause(TimeSpan? took) => took is not { } read
        ? TimeSpan.Zero
        : read < LongestPause / 2 ? read * 2 : LongestPause;

    private async Task ReadFull()
    {
        var started = clock.GetTimestamp();
        (isFullDue, nextFull) = (false, clock.GetUtcNow() + interval);
        wanted.Clear();
        ledger.Refresh(await jobs.ListActive(clock.GetUtcNow(), CancellationToken.None));
        var pause = clock.GetElapsedTime(started) * PauseFactor;
        var least = ledger.ById.Count == 0 ? interval * IdleFactor : interval;
        nextFull = clock.GetUtcNow() + (pause < least ? least : pause < LongestInterval ? pause : LongestInterval);
        whenRead();
    }

    private async Task ReadSome()
    {
        JobId[] asked = [.. wanted.Take(MostAtOnce)];
        wanted.ExceptWith(asked);
        try
        {
            ledger.Refresh(asked, await jobs.ListActive(asked, clock.GetUtcNow(), CancellationToken.None));
        }
        catch (StorageUnavailableException)
        {
            // What was to be read is not forgotten: all are, as soon as the database is back.
            nextFull = clock.GetUtcNow() + interval;
            throw;
        }

        whenRead();
    }
}
