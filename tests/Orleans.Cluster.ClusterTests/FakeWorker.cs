using System.Collections.Concurrent;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;
using Orleans.Runtime;

namespace Orleans.Cluster.ClusterTests;

/// <summary>
/// A worker of two slots on a silo, which reports to the queue and keeps the book of grants as the product's worker does, and
/// computes nothing: a task takes as long as a test says.
/// </summary>
internal sealed class FakeWorker : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly WorkerRoom room = new(2, 8L << 30, 0);
    private readonly GrantBook book;
    private readonly ConcurrentDictionary<AttemptId, CancellationTokenSource> running = new();
    private readonly CancellationTokenSource ending = new();
    private readonly SiloAddress silo;
    private readonly IGrainFactory grains;
    private readonly ICheckpointStore checkpoints;
    private readonly RunningTasks tasks;
    private readonly TimeProvider clock;
    private readonly Task reporting;

    public FakeWorker(
        SiloAddress silo, IGrainFactory grains, ICheckpointStore checkpoints, RunningTasks tasks, TimeProvider clock)
    {
        (this.silo, this.grains, this.checkpoints, this.tasks, this.clock) = (silo, grains, checkpoints, tasks, clock);
        Id = WorkerIds.Of(silo);
        book = new GrantBook(room);
        reporting = Task.Run(Report);
    }

    public WorkerId Id { get; }

    /// <summary>Whether it has said anything lately; a silent one computes and commits all the same.</summary>
    public bool IsSilent { get; set; }

    /// <summary>How an attempt computes. Its exception is the attempt's failure.</summary>
    public Func<AttemptId, CancellationToken, Task> Work { get; set; } = (_, _) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        foreach (var stop in running.Values)
        {
            await stop.CancelAsync();
        }

        await reporting;
    }

    private async Task Report()
    {
        while (!ending.IsCancellationRequested)
        {
            if (IsSilent)
            {
                await Task.Delay(Pause, clock);
                continue;
            }

            var report = book.BeginReport(Describe);
            try
            {
                Follow(await grains.GetGrain<IQueueGrain>(GrainKeys.Queue).Report(report).WaitAsync(ending.Token));
            }
            catch (Exception)
            {
                // The queue is somewhere else soon, or this is the end.
                await Task.Delay(Pause, clock);
            }
            finally
            {
                book.EndReport(report.Sequence);
            }
        }
    }

    private WorkerReport Describe(GrantReport grants)
    {
        AttemptId[] attempts = [.. running.Keys];
        var busy = room.Busy;
        return new WorkerReport
        {
            Worker = Id, Silo = silo, Sequence = grants.Number, Slots = room.Slots, MemoryBytes = room.MemoryBytes,
            BusySlots = busy.Slots, BusyMemoryBytes = busy.MemoryBytes, Running = attempts, OpenGrants = grants.Open,
            Held = grants.Held, Unanswered = grants.Unanswered, StartedAt = clock.GetUtcNow(), Machine = "here",
        };
    }

    private void Follow(WorkerOrders orders)
    {
        foreach (var attempt in orders.Cancels)
        {
            _ = tasks.StopAsync(GrainKeys.Partition(attempt));
        }

        foreach (var grant in orders.Grants)
        {
            var match = new Match(Id, grant.Job, grant.Epoch, grant.Stage, grant.Count, grant.Resources, grant.Together);
            if (book.Open(grant.Number, match) is > 0 and var reserved)
            {
                _ = Task.Run(() => Begin(grant.Number, match, reserved));
            }
        }
    }

    private async Task Begin(long grant, Match match, int reserved)
    {
        var begun = await checkpoints.Begin(
            new BeginRequest(match.Job, match.Epoch, match.Stage, reserved, Id, clock.GetUtcNow()), CancellationToken.None);
        foreach (var partition in begun)
        {
            var attempt = new AttemptId(partition.Task, partition.Attempt);
            var stop = new CancellationTokenSource();
            running[attempt] = stop;
            tasks.Add(GrainKeys.Partition(attempt), stop, Task.Run(() => Run(attempt, match, stop)));
        }

        book.Close(grant, reserved - begun.Count);
    }

    private async Task Run(AttemptId attempt, Match match, CancellationTokenSource stop)
    {
        try
        {
            await Work(attempt, stop.Token);
            await checkpoints.Commit(
                new AttemptCommit(attempt, match.Epoch, Id, attempt.ToString(), Manifest, clock.GetUtcNow()),
                CancellationToken.None);
        }
        catch (Exception exception)
        {
            var kind = stop.IsCancellationRequested ? FailureKind.Cancelled : FailureKind.Internal;
            await checkpoints.End(
                new AttemptEnd(attempt, Id, new AttemptFailure(kind, exception.Message), null, clock.GetUtcNow()),
                CancellationToken.None);
        }
        finally
        {
            running.TryRemove(attempt, out _);
            room.Release(match.Resources, 1);
            grains.GetGrain<IQueueGrain>(GrainKeys.Queue).Poke(attempt.Task.Job).Ignore();
            grains.GetGrain<IJobGrain>(GrainKeys.Job(attempt.Task.Job)).Wake().Ignore();
        }
    }

    private static TaskManifest Manifest { get; } = new()
    {
        RowsIn = 1, RowsOut = 1, Files = [new ArtifactFile("result.csv", 0, 1, 1, "ab")], Cost = new TaskCost(0, 0, 0, 0),
    };
}
