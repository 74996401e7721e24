using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Publishing of one job: one try at a time, and the removal of what it leaves when it has ended without a result. Given up
/// when the row has moved on.
/// </summary>
internal sealed partial class PublishingRun
{
    private readonly JobRow row;
    private readonly JobPublishing publisher;
    private readonly Func<Func<JobEvent>, Task> decide;
    private readonly Func<Task> over;
    private readonly ILogger logger;
    private readonly PublishingTries tries = new();
    private CancellationTokenSource? cancellation;
    private Task? run;
    private Task? clearing;

    /// <param name="row">The job.</param>
    /// <param name="publisher">Publishes.</param>
    /// <param name="decide">Takes what came of it.</param>
    /// <param name="over">Called when that is stored.</param>
    /// <param name="logger">The job's.</param>
    public PublishingRun(JobRow row, JobPublishing publisher, Func<Func<JobEvent>, Task> decide, Func<Task> over, ILogger logger)
    {
        (this.row, this.publisher, this.decide, this.over, this.logger) = (row, publisher, decide, over, logger);
        row.Taken += (state, _) =>
        {
            if (state.Phase != JobPhase.Publishing)
            {
                Cancel();
            }
        };
    }

    /// <summary>Whether something publishes; what it found is not decided on then.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>Gives up what is not visible yet.</summary>
    public void Cancel() => cancellation?.Cancel();

    /// <summary>
    /// Publishes, unless that is under way, its end is being stored, or the row has moved on since this was decided.
    /// </summary>
    public void Start()
    {
        if (run is { IsCompleted: false } || row.Known!.State.Phase != JobPhase.Publishing)
        {
            return;
        }

        cancellation = new CancellationTokenSource();
        IsUnderWay = true;
        run = Publish(row.Known!, row.Plan!, cancellation.Token);
    }

    /// <summary>Removes what the job, which has ended, left; once for each end.</summary>
    public Task Clear() => clearing ??= publisher.Clear(row.Known!);

    /// <summary>Ends when an earlier end removes nothing any more: that must not be what the next try shows.</summary>
    public async Task Cleared()
    {
        await (clearing ?? Task.CompletedTask);
        clearing = null;
    }

    private async Task Publish(JobRecord job, JobPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            var happened = await publisher.Try(job, plan, tries, cancellationToken);
            IsUnderWay = false;
            if (happened is not null)
            {
                await decide(() => happened);
            }

            await over();
        }
        catch (StorageUnavailableException exception)
        {
            // Publishing can be done twice; the next look does it again.
            StorageLog.Away(logger, row.Id, exception.Message);
        }
        catch (Exception exception)
        {
            Log.NotEnded(logger, exception, row.Id);
        }
        finally
        {
            IsUnderWay = false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 111, Level = LogLevel.Error,
            Message = "Job {JobId}: the end of its publishing could not be stored; it publishes again.")]
        public static partial void NotEnded(ILogger logger, Exception exception, JobId jobId);
    }
}
