using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Does what the queue orders: begins what a grant allows in the database, each attempt under a grain of its own here; of a gang
/// keeps all that is granted or nothing, and starts what the queue has begun when it says go; stops attempts.
/// </summary>
internal sealed partial class OrderFollower(
    AttemptRows rows, AttemptRunner runner, AttemptStarter starter, GrantBook book, WorkerIdentity self,
    ILogger<OrderFollower> logger)
{
    /// <summary>Whether a grant is just being begun.</summary>
    public bool IsBeginning => book.IsBeginning;

    /// <summary>Follows orders. Returns at once.</summary>
    public void Follow(WorkerOrders orders)
    {
        foreach (var part in orders.Drop)
        {
            book.Drop(part);
        }

        foreach (var part in orders.Go)
        {
            Go(part);
        }

        foreach (var grant in orders.Grants)
        {
            var match = new Match(self.Id, grant.Job, grant.Epoch, grant.Stage, grant.Count, grant.Resources, grant.Together);
            if (book.Open(grant.Number, match) is > 0 and var reserved && !grant.Together)
            {
                _ = Task.Run(() => Start(grant.Number, match, reserved, () => rows.Begin(match, reserved)));
            }
        }

        // Here, and not by way of their grains: an order counts although the directory that would find these is between two
        // silos.
        foreach (var attempt in orders.Cancels)
        {
            _ = runner.Stop(GrainKeys.Partition(attempt));
        }

        foreach (var attempt in orders.GiveBack)
        {
            _ = runner.Stop(GrainKeys.Partition(attempt), "Given back: its gang lost a member, and no replacement came in time.");
        }
    }

    // Said again while a report that names the part is on its way. What was let go meanwhile, by a drain, is given back at once.
    private void Go(GangGo go)
    {
        var (begins, isKnown) = book.Go(go.Number);
        if (begins is not null)
        {
            _ = Task.Run(() => Start(go.Number, begins, begins.Count, () => rows.ListBegun(begins, go.Attempts)));
        }
        else if (!isKnown
            && go.Attempts.Except(runner.Attempts.Select(attempt => attempt.Id)).ToList() is { Count: > 0 } strangers)
        {
            _ = Task.Run(() => GiveBack(strangers));
        }
    }

    private async Task GiveBack(IReadOnlyList<AttemptId> attempts)
    {
        try
        {
            await rows.GiveBack(attempts, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // HeldCheck finds them.
            Log.NotGivenBack(logger, exception.Message);
        }
    }

    private async Task Start(long grant, Match match, int reserved, Func<Task<IReadOnlyList<PartitionRecord>>> begin)
    {
        var begun = 0;
        try
        {
            var partitions = await begin();
            foreach (var partition in partitions)
            {
                runner.Hold(partition, self.Id, match.Resources);
                begun++;
            }

            book.Close(grant, reserved - begun);
            foreach (var partition in partitions)
            {
                await starter.Start(new AttemptId(partition.Task, partition.Attempt));
            }
        }
        catch (Exception exception)
        {
            // An attempt that was begun and not started is found by HeldCheck and given back.
            Log.NotBegun(logger, exception, match.Job, match.Stage);
        }
        finally
        {
            book.Close(grant, reserved - begun);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 331, Level = LogLevel.Warning, Message = "A grant for stage {Stage} of job {Job} could not be begun.")]
        public static partial void NotBegun(ILogger logger, Exception exception, JobId job, int stage);

        [LoggerMessage(EventId = 336, Level = LogLevel.Debug, Message = "Attempts could not be given back yet: {Message}")]
        public static partial void NotGivenBack(ILogger logger, string message);
    }
}
