using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>What is shown of one job: how far it is, why it waits, and that something has changed.</summary>
internal sealed partial class JobBoard
{
    // Between a stored change and one that is progress alone: the reports of several workers share one, and of a short job, whose
    // next phase stores its progress too, none is stored. Who watches sees each stored change at once.
    private static readonly TimeSpan ShowPeriod = TimeSpan.FromMilliseconds(30);

    // How old the queue's word may be when somebody asks, and how long it is waited for.
    private static readonly TimeSpan ReasonLife = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ReasonPatience = TimeSpan.FromSeconds(1);

    private readonly JobRow row;
    private readonly IGrainFactory grains;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly JobWatch watch = new();
    private readonly Coalesced shows;
    private JobReason? reason;
    private DateTimeOffset reasonAt;
    private DateTimeOffset nextShow;

    public JobBoard(JobRow row, ProgressBoard progress, IGrainFactory grains, TimeProvider clock, ILogger logger)
    {
        (this.row, Progress, this.grains, this.clock, this.logger) = (row, progress, grains, clock, logger);
        shows = new Coalesced(Show, _ => nextShow - clock.GetUtcNow(), clock);
        row.Taken += (_, isNew) =>
        {
            if (isNew)
            {
                nextShow = clock.GetUtcNow() + ShowPeriod;
                watch.Release();
            }
        };
    }

    /// <summary>How far it is.</summary>
    public ProgressBoard Progress { get; }

    /// <summary>Whether the queue has heard of an attempt that the row does not tell of.</summary>
    public bool KnowsOfAnAttempt => row.Known is { State.Phase: JobPhase.Queued } && reason?.Code == ReasonCode.Running;

    /// <summary>The status document, as it is known now.</summary>
    public JobStatus Describe() => JobStatusView.Of(row.Known!, reason, row.Plan, clock.GetUtcNow());

    /// <summary>
    /// Stores what has been done as soon as it may be: one at a time, and what is reported meanwhile by another one after it.
    /// </summary>
    public void ShowSoon() => Showing().Ignore();

    /// <summary>Completes at the next change, or when the time is over.</summary>
    public Task NextChange(TimeSpan atMost) => watch.Next(atMost, clock);

    /// <summary>Nobody waits for a change any more.</summary>
    public void Release() => watch.Release();

    /// <summary>The database does not answer.</summary>
    public void StorageIsAway(StorageUnavailableException exception)
    {
        reason = JobStatusView.StorageAway;
        StorageLog.Away(logger, row.Id, exception.Message);
    }

    /// <summary>The database answers.</summary>
    public void StorageAnswers() => reason = reason?.Code == ReasonCode.WaitingForStorage ? null : reason;

    /// <summary>The job has ended: nothing runs, and nothing is waited for.</summary>
    public void Settle()
    {
        reason = null;
        Progress.ForgetRunning();
        watch.Release();
    }

    /// <summary>Asks the queue why the job waits, unless its last word is new enough.</summary>
    public async Task RefreshReason()
    {
        if (clock.GetUtcNow() - reasonAt <= ReasonLife || row.Known is not { } known || known.State.Phase.IsTerminal()
            || reason?.Code == ReasonCode.WaitingForStorage)
        {
            return;
        }

        try
        {
            reason = await grains.GetGrain<IQueueGrain>(GrainKeys.Queue).Explain(row.Id).WaitAsync(ReasonPatience, clock)
                ?? reason;
            reasonAt = clock.GetUtcNow();
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            // The queue is between two silos; its last word holds meanwhile.
            Log.NotExplained(logger, row.Id, exception.Message);
        }
    }

    private async Task Showing()
    {
        try
        {
            await shows.Ask();
        }
        catch (StorageUnavailableException exception)
        {
            StorageLog.Away(logger, row.Id, exception.Message);
        }
    }

    private async Task Show()
    {
        var now = clock.GetUtcNow();
        if (now < nextShow)
        {
            // Another change was stored while this one was waited for.
            shows.AskAgain();
        }
        else if (row.Known is { } job && Progress.FindNews(job.State, row.Plan) is { } news)
        {
            await row.Show(news, Progress.FindTimeLeft(job.State, row.Plan!, now));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 106, Level = LogLevel.Debug, Message = "Job {JobId}: the queue did not say why it waits: {Message}")]
        public static partial void NotExplained(ILogger logger, JobId jobId, string message);
    }
}
