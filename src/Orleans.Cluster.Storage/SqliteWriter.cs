using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>
/// The one writer of this process, on a thread of its own. Calls that come while a transaction is being flushed share the next
/// one, each under its own savepoint: one that throws takes nothing of the others with it. Answers are given after the commit.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int MaxWaiting = 10_000;
    private const int MaxGroup = 256;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly BlockingCollection<Call> waiting = new(MaxWaiting);
    private readonly Func<ClusterDbContext> open;
    private readonly ProcessEpoch epoch;
    private readonly Thread thread;

    public SqliteWriter(Func<ClusterDbContext> open, ProcessEpoch epoch)
    {
        this.open = open;
        this.epoch = epoch;
        thread = new Thread(Run) { Name = "SQLite writer", IsBackground = true };
        thread.Start();
    }

    public Task<T> Write<T>(Func<ClusterDbContext, Task<T>> work, T refused, bool checkEpoch, CancellationToken cancellationToken)
    {
        var call = new Call<T>(work, refused, checkEpoch, cancellationToken);
        return waiting.TryAdd(call)
            ? call.Result
            : throw new StorageUnavailableException(
                $"{MaxWaiting} writes wait for the database already.",
                new InvalidOperationException("The writer's queue is full."));
    }

    public void Dispose()
    {
        waiting.CompleteAdding();
        if (thread.Join(StopTimeout))
        {
            waiting.Dispose();
        }
    }

    private void Run()
    {
        ClusterDbContext? db = null;
        var group = new List<Call>(MaxGroup);
        foreach (var first in waiting.GetConsumingEnumerable())
        {
            group.Clear();
            group.Add(first);
            while (group.Count < MaxGroup && waiting.TryTake(out var next))
            {
                group.Add(next);
            }

            try
            {
                db ??= Open();
                RunGroup(db, group);
            }
            catch (Exception e)
            {
                // Nothing of the group is stored, or nobody can tell. A broken connection must not meet the next group.
                var failure = StorageFaults.AsUnavailable(e) ?? e;
                group.ForEach(call => call.Fail(failure));
                db?.Dispose();
                db = null;
            }
        }

        db?.Dispose();
    }

    private ClusterDbContext Open()
    {
        var db = open();
        db.Database.OpenConnection(); // Held for all groups: opening sets the connection up anew each time.
        return db;
    }

    private void RunGroup(ClusterDbContext db, List<Call> group)
    {
        using (var transaction = db.Database.BeginTransaction())
        {
            var current = epoch.IsCurrent(db, CancellationToken.None).GetAwaiter().GetResult();
            foreach (var call in group)
            {
                RunOne(db, call, current);
            }

            transaction.Commit();
        }

        group.ForEach(call => call.Answer());
    }

    private static void RunOne(ClusterDbContext db, Call call, bool current)
    {
        if (call.IsCancelled || !call.MayRun(current))
        {
            return;
        }

        Do(db, "SAVEPOINT one_call");
        try
        {
            call.Run(db);
            Do(db, "RELEASE one_call");
        }
        catch (Exception e) when (StorageFaults.AsUnavailable(e) is null)
        {
            // The call's own affair. A failing database, in contrast, ends the group.
            Do(db, "ROLLBACK TO one_call");
            call.Keep(e);
        }
        finally
        {
            db.ChangeTracker.Clear();
        }
    }

    private static void Do(ClusterDbContext db, string statement) =>
        db.Execute(statement, CancellationToken.None).GetAwaiter().GetResult(); // The provider completes before it returns.

    private abstract class Call(bool checkEpoch, CancellationToken cancellationToken)
    {
        private bool refused;

        public bool IsCancelled => cancellationToken.IsCancellationRequested;

        protected bool Refused => refused;

        protected ExceptionDispatchInfo? Kept { get; private set; }

        protected CancellationToken Cancellation => cancellationToken;

        public bool MayRun(bool epochIsCurrent)
        {
            refused = checkEpoch && !epochIsCurrent;
            return !refused;
        }

        public void Keep(Exception exception) => Kept = ExceptionDispatchInfo.Capture(exception);

        public abstract void Run(ClusterDbContext db);

        public abstract void Answer();

        public abstract void Fail(Exception exception);
    }

    private sealed class Call<T>(
        Func<ClusterDbContext, Task<T>> work, T refusal, bool checkEpoch, CancellationToken cancellationToken)
        : Call(checkEpoch, cancellationToken)
    {
        // Continuations must not run on the writer's thread: they would hold up everybody's writes.
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool ran;
        private T? result;

        public Task<T> Result => completion.Task;

        public override void Run(ClusterDbContext db)
        {
            result = work(db).GetAwaiter().GetResult(); // The provider completes everything before it returns.
            ran = true;
        }

        public override void Answer()
        {
            if (Kept is { } kept)
            {
                completion.TrySetException(kept.SourceException);
            }
            else if (Refused)
            {
                completion.TrySetResult(refusal);
            }
            else if (ran)
            {
                completion.TrySetResult(result!);
            }
            else
            {
                completion.TrySetCanceled(Cancellation);
            }
        }

        public override void Fail(Exception exception) => completion.TrySetException(exception);
    }
}
