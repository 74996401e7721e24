using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Planning of one job: one run at a time, whose end is told to the job whatever it is. Given up when the job has moved on,
/// be it by a cancellation.
/// </summary>
internal sealed partial class PlanningRun
{
    private readonly JobRow row;
    private readonly JobPlanner planner;
    private readonly Func<Func<JobEvent>, Task> decide;
    private readonly Func<Task> over;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly PlanningTries tries = new();
    private CancellationTokenSource? underWay;

    /// <param name="row">The job.</param>
    /// <param name="planner">Makes plans.</param>
    /// <param name="decide">Takes what came of it.</param>
    /// <param name="over">Called when it has ended.</param>
    /// <param name="clock">For pauses and events.</param>
    /// <param name="logger">The job's.</param>
    public PlanningRun(
        JobRow row, JobPlanner planner, Func<Func<JobEvent>, Task> decide, Func<Task> over, TimeProvider clock, ILogger logger)
    {
        (this.row, this.planner, this.decide, this.over, this.clock, this.logger) = (row, planner, decide, over, clock, logger);
        row.Taken += (state, _) =>
        {
            if (state.Phase != JobPhase.Planning)
            {
                Cancel();
            }
        };
    }

    /// <summary>Whether something plans, or what was given up has not ended yet: a job is CANCELLED after that.</summary>
    public bool IsUnderWay => underWay is not null;

    /// <summary>Gives it up.</summary>
    public void Cancel() => underWay?.Cancel();

    /// <summary>
    /// Plans, unless that is under way or the row has moved on since this was decided: a cancellation may have come in between,
    /// and nobody would give up what begins behind it.
    /// </summary>
    public void Start()
    {
        if (underWay is null && row.Known!.State.Phase == JobPhase.Planning)
        {
            underWay = new CancellationTokenSource();
            Plan(row.Known!, underWay).Ignore();
        }
    }

    private async Task Plan(JobRecord job, CancellationTokenSource cancellation)
    {
        var epoch = job.State.Epoch;
        using var span = JobTrace.Start("plan", row.Id, epoch);
        try
        {
            var made = await planner.Plan(job, cancellation.Token);
            await decide(() => new PlanMade(made, clock.GetUtcNow()));
        }
        catch (ClusterException refusal) when (tries.TryAgainAfter(refusal.Code) is { } pause)
        {
            // The next look plans anew.
            Log.PlannedAgain(logger, row.Id, refusal.Message);
            await Task.Delay(pause, clock);
        }
        catch (ClusterException refusal)
        {
            await decide(() => new JobRefused(refusal.Problem, clock.GetUtcNow()) { Epoch = epoch });
        }
        catch (OperationCanceledException)
        {
            // Cancelled with its job, whose row says so already; or this activation leaves, and the next one plans anew.
        }
        catch (StorageUnavailableException exception)
        {
            StorageLog.Away(logger, row.Id, exception.Message);
        }
        catch (Exception exception) when (tries.TryAgainAfter(Contracts.ProblemCode.Internal) is { } pause)
        {
            // What nobody expected may be this silo's end and not the job's fault; a few tries tell.
            Log.PlanningBroken(logger, exception, row.Id);
            await Task.Delay(pause, clock);
        }
        catch (Exception exception)
        {
            Log.PlanningBroken(logger, exception, row.Id);
            var problem = ProblemDocument.Of(Contracts.ProblemCode.Internal, $"Planning failed: {exception.Message}");
            await decide(() => new JobRefused(problem, clock.GetUtcNow()) { Epoch = epoch });
        }
        finally
        {
            underWay = null;
            cancellation.Dispose();
            over().Ignore();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 104, Level = LogLevel.Error, Message = "Job {JobId}: planning failed.")]
        public static partial void PlanningBroken(ILogger logger, Exception exception, JobId jobId);

        [LoggerMessage(EventId = 108, Level = LogLevel.Warning, Message = "Job {JobId} is planned again: {Message}")]
        public static partial void PlannedAgain(ILogger logger, JobId jobId, string message);
    }
}
