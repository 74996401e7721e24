using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Jobs;

/// <inheritdoc cref="IJobService"/>
internal sealed partial class JobService(
    IGrainFactory grains, IJobStore jobs, IJobPlanning planning, AdmissionCheck admission, SubmitRules rules, IArtifactStore artifacts,
    IOutputPublisher publisher, ILocalSiloDetails silo,
    RepeatedSubmits repeated, IOptions<JobOptions> options, TimeProvider clock, ILogger<JobService> logger) : IJobService
{
    // For a grain that moves to another silo, or has much to do.
    private static readonly TimeSpan StatusPatience = TimeSpan.FromSeconds(2);

    public Task<JobStatus> Submit(JobSpec spec, SubmitOrigin origin, CancellationToken cancellationToken) => origin.IdempotencyKey is { } key
        ? repeated.Once((origin.Owner, key), origin.RequestHash, () => FindOrAccept(spec, origin, key, cancellationToken), cancellationToken)
        : Accept(spec, origin, cancellationToken);

    // The key comes before everything that may refuse a job: a repeated request has been accepted already.
    private async Task<JobStatus> FindOrAccept(JobSpec spec, SubmitOrigin origin, string key, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return await jobs.FindByKey(origin.Owner, key, origin.RequestHash, now, cancellationToken) is { } earlier
            ? JobStatusView.Of(earlier, null, null, now)
            : await Accept(spec, origin, cancellationToken);
    }

    private async Task<JobStatus> Accept(JobSpec spec, SubmitOrigin origin, CancellationToken cancellationToken)
    {
        spec = SourceJobs.DependingOn(await rules.Check(spec, origin, cancellationToken));
        var ready = await FindReadiness(spec, cancellationToken);
        var received = clock.GetUtcNow();
        await admission.CheckTask(spec.Resources, cancellationToken);
        var plan = ready ? await TryPlan(spec, cancellationToken) : null;
        if (plan is not null)
        {
            await admission.CheckGang(spec, plan, cancellationToken);
        }

        var now = clock.GetUtcNow();
        var state = new JobState
        {
            Id = JobId.New(now),
            Priority = spec.Priority,
            Phase = JobPhase.Queued,
            CreatedAt = now,
            DeadlineAt = spec.TimeoutSeconds is { } seconds ? now.AddSeconds(seconds) : null,
        };
        var stored = await jobs.Create(new NewJob(state, spec, plan, origin.Owner, origin.IdempotencyKey, origin.RequestHash), cancellationToken);
        JobTrace.Submitted(stored.State, received, clock.GetUtcNow(), plan is not null);
        rules.Added();

        // From here on the job is safe; if this call is lost, the queue wakes it within seconds. The hint keeps planning on a gateway,
        // whose engine is warm, for as long as there is one.
        RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo.SiloAddress);
        Grain(stored.State.Id).Wake().Ignore();
        RequestContext.Clear();
        return JobStatusView.Of(stored, null, plan, now);
    }

    public async Task<JobStatus> GetStatus(JobId id, CancellationToken cancellationToken)
    {
        JobRecord job;
        try
        {
            job = await Find(id, cancellationToken);
        }
        catch (StorageUnavailableException)
        {
            // The job's own grain may know what the database cannot tell now.
            var known = await Call(id, grain => grain.GetStatus(), cancellationToken);
            return known.Phase.IsTerminal() ? known : known with { Reason = JobStatusView.StorageAway };
        }

        return job.State.Phase.IsTerminal()
            ? JobStatusView.Of(job, null, null, clock.GetUtcNow())
            : await AskOrTell(job, cancellationToken);
    }

    // The row is right, and only its progress and reason are of some seconds ago; one grain that does not answer must not hold up a list.
    private Task<JobStatus> AskOrTell(JobRecord job, CancellationToken cancellationToken) => GrainCalls.OrElse(
        () => Grain(job.State.Id).GetStatus(), StatusPatience, () => JobStatusView.Of(job, null, null, clock.GetUtcNow()), clock, cancellationToken);

    public async Task<JobStatus> WaitForChange(JobId id, long knownRevision, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var job = await Find(id, cancellationToken);
        return job.State.Phase.IsTerminal()
            ? JobStatusView.Of(job, null, null, clock.GetUtcNow())
            : await Call(id, grain => grain.WaitForChange(knownRevision, atMost), cancellationToken);
    }

    public async Task<JobStatus> Cancel(JobId id, CancellationToken cancellationToken)
    {
        await Find(id, cancellationToken);
        return await Call(id, grain => grain.Cancel(), cancellationToken);
    }

    public async Task<JobStatus> Retry(JobId id, CancellationToken cancellationToken)
    {
        await Find(id, cancellationToken);
        return await Call(id, grain => grain.Retry(), cancellationToken);
    }

    public async Task Delete(JobId id, CancellationToken cancellationToken)
    {
        var job = await Find(id, cancellationToken);
        if (job.State.Phase is JobPhase.Failed or JobPhase.Cancelled)
        {
            await Clear(job, cancellationToken);
        }

        if (!job.State.Phase.IsTerminal() || !await jobs.Delete(id, cancellationToken))
        {
            throw new ClusterException(Contracts.ProblemCode.ResultNotReady, $"Job {id} has not ended. Cancel it first.");
        }

        // A job that reads the result holds it: the janitor removes the files after the last of them.
        if (!(await jobs.ListDependencies(cancellationToken)).Contains(id))
        {
            artifacts.Delete(id);
        }
    }

    // A folder that cannot be reached must not keep a job from being deleted; what is left there is hidden.
    private async Task Clear(JobRecord job, CancellationToken cancellationToken)
    {
        try
        {
            await publisher.Clear(job, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotCleared(logger, job.State.Id, exception.Message);
        }
    }

    // Whether all that it depends on has succeeded. One that reads the result of a job that cannot have any is refused at once.
    private async Task<bool> FindReadiness(JobSpec spec, CancellationToken cancellationToken)
    {
        if (spec.DependsOn.Count == 0)
        {
            return true;
        }

        var phases = await jobs.FindPhases(spec.DependsOn, cancellationToken);
        foreach (var (id, pointer) in SourceJobs.Of(spec))
        {
            var end = !phases.TryGetValue(id, out var phase) ? "is not there" : phase is JobPhase.Failed ? "failed" : phase is JobPhase.Cancelled ? "was cancelled" : null;
            if (end is not null)
            {
                var detail = $"Job {id}, whose result is to be read, {end}.";
                throw new ClusterException(
                    Contracts.ProblemCode.DependencyFailed, detail, "Submit it again, or /retry it.", [new Fault(pointer, Contracts.ProblemCode.DependencyFailed.Word, detail)]);
            }
        }

        return spec.DependsOn.All(id => phases.TryGetValue(id, out var phase) && phase == JobPhase.Succeeded);
    }

    private Task<JobStatus> Call(JobId id, Func<IJobGrain, Task<JobStatus>> call, CancellationToken cancellationToken) =>
        GrainCalls.Call(() => call(Grain(id)), clock, cancellationToken);

    private IJobGrain Grain(JobId id) => grains.GetGrain<IJobGrain>(GrainKeys.Job(id));

    private async Task<JobRecord> Find(JobId id, CancellationToken cancellationToken) => await jobs.Find(id, cancellationToken)
        ?? throw new ClusterException(Contracts.ProblemCode.JobNotFound, $"There is no job {id}.");

    // Faults of the data are answered before anything is stored, where they are found in time; otherwise the job's own grain plans.
    private async Task<JobPlan?> TryPlan(JobSpec spec, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(options.Value.PlanBeforeAccept);
        try
        {
            // Not until what is given up has ended: the caller has an answer before that.
            return await planning.Plan(spec, [], bound.Token).WaitAsync(bound.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (ClusterException refusal) when (refusal.Code.HttpStatus >= 500 || refusal.Code == Contracts.ProblemCode.ExecutorCrashed)
        {
            Log.NotPlanned(logger, refusal.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 113, Level = LogLevel.Warning, Message = "Job {JobId} is deleted, but what it left in its output folder could not be removed: {Message}")]
        public static partial void NotCleared(ILogger logger, JobId jobId, string message);

        [LoggerMessage(EventId = 110, Level = LogLevel.Warning, Message = "A job could not be planned before it was accepted: {Message}")]
        public static partial void NotPlanned(ILogger logger, string message);
    }
}
