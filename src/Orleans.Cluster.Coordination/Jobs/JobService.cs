using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Jobs;

/// <inheritdoc cref="IJobService"/>
internal sealed class JobService(
    IGrainFactory grains, IJobStore jobs, JobAcceptance acceptance, RepeatedSubmits repeated, JobRemoval removal,
    TimeProvider clock) : IJobService
{
    // For a grain that moves to another silo, or has much to do.
    private static readonly TimeSpan StatusPatience = TimeSpan.FromSeconds(2);

    public Task<JobStatus> Submit(JobSpec spec, SubmitOrigin origin, CancellationToken cancellationToken) =>
        origin.IdempotencyKey is { } key
        ? repeated.Once(
            (origin.Owner, key), origin.RequestHash, () => FindOrAccept(spec, origin, key, cancellationToken), cancellationToken)
        : acceptance.Accept(spec, origin, cancellationToken);

    // The key comes before everything that may refuse a job: a repeated request has been accepted already.
    private async Task<JobStatus> FindOrAccept(JobSpec spec, SubmitOrigin origin, string key, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return await jobs.FindByKey(origin.Owner, key, origin.RequestHash, now, cancellationToken) is { } earlier
            ? JobStatusView.Of(earlier, null, null, now)
            : await acceptance.Accept(spec, origin, cancellationToken);
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

    // The row is right, and only its progress and reason are of some seconds ago; one grain that does not answer must not hold up
    // a list.
    private Task<JobStatus> AskOrTell(JobRecord job, CancellationToken cancellationToken) => GrainCalls.OrElse(
        () => Grain(job.State.Id).GetStatus(), StatusPatience, () => JobStatusView.Of(job, null, null, clock.GetUtcNow()), clock,
        cancellationToken);

    // What has ended is told from its row, whether or not a grain answers.
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

    public async Task Delete(JobId id, CancellationToken cancellationToken) =>
        await removal.Remove(await Find(id, cancellationToken), cancellationToken);

    private Task<JobStatus> Call(JobId id, Func<IJobGrain, Task<JobStatus>> call, CancellationToken cancellationToken) =>
        GrainCalls.Call(() => call(Grain(id)), clock, cancellationToken);

    private IJobGrain Grain(JobId id) => grains.GetGrain<IJobGrain>(GrainKeys.Job(id));

    private async Task<JobRecord> Find(JobId id, CancellationToken cancellationToken) => await jobs.Find(id, cancellationToken)
        ?? throw new ClusterException(Contracts.ProblemCode.JobNotFound, $"There is no job {id}.");
}
