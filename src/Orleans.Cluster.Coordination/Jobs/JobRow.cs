using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// One job's row: read, decided on by <see cref="JobTransitions"/>, and stored under the revision that was read. Who loses the
/// race for a revision reads again and decides anew.
/// </summary>
internal sealed partial class JobRow(
    JobId id, IJobStore jobs, JobPartitions partitions, ProgressBoard progress, TimeProvider clock, ILogger logger)
{
    /// <summary>
    /// How old may be what is shown. There may be another activation, on a silo that does not hear of this one, and whoever asks
    /// that one and then this one must not be told of an earlier state.
    /// </summary>
    private static readonly TimeSpan ShownLife = TimeSpan.FromSeconds(1);

    // A database that hangs must not make everybody who looks wait as long as it does.
    private static readonly TimeSpan ShownPatience = TimeSpan.FromSeconds(1);

    // What was just stored here is what a look would read; should somebody else be faster, the revision says so.
    private static readonly TimeSpan StoredLife = TimeSpan.FromMilliseconds(100);

    private long takenAt;
    private long? storedAt;
    private Task<JobRecord>? refreshing;

    /// <summary>The job.</summary>
    public JobId Id => id;

    /// <summary>What was read or stored last; null before.</summary>
    public JobRecord? Known { get; private set; }

    /// <summary>The plan of its epoch, where it is at hand.</summary>
    public JobPlan? Plan { get; private set; }

    /// <summary>The row was read or stored; true when its revision is another one than before.</summary>
    public event Action<JobState, bool>? Taken;

    /// <summary>There is no such row any more.</summary>
    public event Action? Gone;

    /// <summary>What is known of the row, read where nothing is.</summary>
    /// <param name="fresh">Reads it in any case.</param>
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    public async Task<JobRecord> Load(bool fresh = false)
    {
        if (Known is null || fresh)
        {
            if (await jobs.Find(id, CancellationToken.None) is not { } read)
            {
                Gone?.Invoke();
                throw new ClusterException(Contracts.ProblemCode.JobNotFound, $"There is no job {id}.");
            }

            Take(read);
        }

        return Known!;
    }

    /// <summary>
    /// What is known of the row, read again where that is not of this moment; as it is while the database is away or
    /// does not answer at once.
    /// </summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    public async Task<JobRecord> LoadRecent()
    {
        if (Known is not null && clock.GetElapsedTime(takenAt) < ShownLife)
        {
            return Known;
        }

        if (refreshing is not { IsCompleted: false })
        {
            refreshing = Load(fresh: true);
            refreshing.Ignore();
        }

        try
        {
            return Known is null ? await refreshing : await refreshing.WaitAsync(ShownPatience, clock);
        }
        catch (Exception exception) when (Known is not null && exception is (StorageUnavailableException or TimeoutException))
        {
            StorageLog.Away(logger, id, exception.Message);
            return Known!;
        }
    }

    /// <summary>What is known of the row where this activation has just stored it, else what is read now.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    public Task<JobRecord> LoadStored() => storedAt is { } at && clock.GetElapsedTime(at) < StoredLife
        ? Task.FromResult(Known!)
        : Load(fresh: true);

    /// <summary>The plan, read where it is not at hand; null when there is none.</summary>
    public async Task<JobPlan?> LoadPlan() => Plan ??= Known!.HasPlan ? await jobs.FindPlan(id, CancellationToken.None) : null;

    /// <summary>Keeps no plan in memory; it is read again when it is needed.</summary>
    public void ForgetPlan() => Plan = null;

    /// <summary>Decides and stores; when another was faster, reads again and decides anew.</summary>
    /// <param name="evt">What happened, asked again for each decision.</param>
    /// <returns>What follows, to be done now that it is stored.</returns>
    /// <exception cref="ClusterException">What was asked for is refused.</exception>
    public async Task<JobStep> Decide(Func<JobEvent> evt)
    {
        for (var job = await Load(); ; job = await Load(fresh: true))
        {
            var happened = evt();
            if (happened is Observed { Facts.Decisions: var read } && read != job.State.Decisions)
            {
                // The job has moved on since they were read: what they say is of another state.
                return new JobStep([], LooksAgain: true);
            }

            var decision = JobTransitions.Apply(job.State, happened, job.Spec);
            if (decision.Refusal is { } refusal)
            {
                throw refusal;
            }

            if (!decision.IsChange(job.State))
            {
                return new JobStep(decision.Commands, LooksAgain: false);
            }

            if (await TryStore(job, decision, (happened as PlanMade)?.Plan) is { } step)
            {
                return step;
            }

            Log.Lost(logger, id, job.State.Revision);
        }
    }

    /// <summary>
    /// Stores progress alone, unless somebody else was faster. What is shown is stored first, so that it does not go back after a
    /// failover.
    /// </summary>
    public async Task Show(JobProgress shown, JobTimeLeft? left)
    {
        var job = Known!;
        var next = progress.WithArtifacts(job.State, job.Spec, Plan) with
        {
            Progress = shown, TimeLeft = left, Revision = job.State.Revision + 1,
        };
        if (await jobs.TryApply(new JobChange { ExpectedRevision = job.State.Revision, State = next }, CancellationToken.None))
        {
            Take(job with { State = next });
            storedAt = clock.GetTimestamp();
        }
    }

    private async Task<JobStep?> TryStore(JobRecord job, JobDecision decision, JobPlan? made)
    {
        var cutOff = decision.DropPlan ? await partitions.ListRunning(id) : null;
        var shown = progress.WithArtifacts(progress.Complete(decision.State, made ?? Plan), job.Spec, made ?? Plan);
        var state = JobTimes.Note(job.State, shown, clock.GetUtcNow()) with
        {
            Revision = job.State.Revision + 1, Decisions = job.State.Decisions + 1,
        };
        var opened = await partitions.Open(state, job.Spec, made ?? Plan, decision.OpenStages);
        if (!await jobs.TryApply(Change(job, state, decision, made, opened), CancellationToken.None))
        {
            return null;
        }

        Plan = made ?? Plan;
        var isNewPhase = state.Phase != job.State.Phase;
        if (isNewPhase)
        {
            Log.Transition(logger, id, job.State.Phase, state.Phase);
        }

        JobTrace.Stored(job.State, state, job.Spec, clock.GetUtcNow());
        if (cutOff is not null)
        {
            return new JobStep(decision.Commands, LooksAgain: true, cutOff);
        }

        Take(job with { State = state, HasPlan = job.HasPlan || made is not null });
        storedAt = clock.GetTimestamp();
        return new JobStep(decision.Commands, LooksAgain: decision.OpenStages.Count > 0 || isNewPhase);
    }

    private static JobChange Change(
        JobRecord job, JobState state, JobDecision decision, JobPlan? made, IReadOnlyList<PartitionRecord> opened) => new()
    {
        ExpectedRevision = job.State.Revision,
        State = state,
        Plan = made,
        OpenPartitions =
            [.. opened.Concat(decision.Children).Select(partition => partition with { Attempt = state.AttemptsBefore })],
        PartitionChanges = decision.PartitionChanges,
        CancelWaiting = decision.CancelWaiting,
        CancelRunning = decision.CancelRunning,
        ResetUnfinished = decision.ResetUnfinished,
        Through = decision.Through,
        DropPlan = decision.DropPlan,
        HistoryDetail = state.Phase == job.State.Phase ? null : state.Error?.Detail,
    };

    // An answer to an earlier read may come after a later one: only a newer revision counts.
    private void Take(JobRecord read)
    {
        var before = Known?.State;
        if (read.State.Revision < before?.Revision)
        {
            return;
        }

        takenAt = clock.GetTimestamp();

        if (before is not null && before.Epoch != read.State.Epoch)
        {
            Plan = null; // It may have been planned anew.
        }

        Known = read;
        Taken?.Invoke(read.State, before?.Revision != read.State.Revision);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "Job {JobId}: {From} -> {To}.")]
        public static partial void Transition(ILogger logger, JobId jobId, JobPhase from, JobPhase to);

        [LoggerMessage(
            EventId = 101, Level = LogLevel.Debug,
            Message = "Job {JobId}: somebody else has changed revision {Revision}; reading again.")]
        public static partial void Lost(ILogger logger, JobId jobId, long revision);
    }
}

/// <summary>What follows from a decision that is stored.</summary>
/// <param name="Commands">What to do; each is safe to do twice.</param>
/// <param name="LooksAgain">Whether the job is another one than was looked at.</param>
/// <param name="CutOff">
/// Attempts whose plan was dropped with this; they run still and can no longer commit. Null for none.
/// </param>
internal sealed record JobStep(
    IReadOnlyList<JobCommand> Commands, bool LooksAgain, IReadOnlyList<(AttemptId Attempt, WorkerId Worker)>? CutOff = null);
