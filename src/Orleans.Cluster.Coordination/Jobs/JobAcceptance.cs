using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Accepts jobs: what may refuse one comes first, then it is stored in one transaction, then its grain is woken.
/// </summary>
internal sealed class JobAcceptance(
    IGrainFactory grains, ILocalSiloDetails silo, IJobStore jobs, SubmitRules rules, AdmissionCheck admission,
    EarlyPlanning planning, TimeProvider clock)
{
    /// <summary>The status of the job that was stored.</summary>
    /// <exception cref="ClusterException">Why it is not accepted; nothing is stored then.</exception>
    public async Task<JobStatus> Accept(JobSpec spec, SubmitOrigin origin, CancellationToken cancellationToken)
    {
        spec = SourceJobs.DependingOn(await rules.Check(spec, origin, cancellationToken));
        var ready = await FindReadiness(spec, cancellationToken);
        var received = clock.GetUtcNow();
        await admission.CheckTask(spec.Resources, cancellationToken);
        var plan = ready ? await planning.TryPlan(spec, cancellationToken) : null;
        if (plan is not null)
        {
            await admission.CheckGang(spec, plan, cancellationToken);
            await rules.TakePartitions(plan, origin, cancellationToken);
        }

        var now = clock.GetUtcNow();
        var state = new JobState
        {
            Id = JobId.New(now),
            Priority = spec.Priority,
            Phase = JobPhase.Queued,
            HasQuota = CallerQuota.HoldsFor(origin),
            CreatedAt = now,
            DeadlineAt = spec.TimeoutSeconds is { } seconds ? now.AddSeconds(seconds) : null,
        };
        var stored = await jobs.Create(
            new NewJob(state, spec, plan, origin.Owner, origin.IdempotencyKey, origin.RequestHash), cancellationToken);
        JobTrace.Submitted(stored.State, received, clock.GetUtcNow(), plan is not null);
        rules.Added();

        // From here on the job is safe; if this call is lost, the queue wakes it within seconds. The hint keeps planning on a
        // gateway, whose engine is warm, for as long as there is one.
        RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo.SiloAddress);
        grains.GetGrain<IJobGrain>(GrainKeys.Job(stored.State.Id)).Wake().Ignore();
        RequestContext.Clear();
        return JobStatusView.Of(stored, null, plan, now);
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
            var end = !phases.TryGetValue(id, out var phase)
                ? "is not there"
                : phase is JobPhase.Failed ? "failed" : phase is JobPhase.Cancelled ? "was cancelled" : null;
            if (end is not null)
            {
                var detail = $"Job {id}, whose result is to be read, {end}.";
                var fault = new Fault(pointer, Contracts.ProblemCode.DependencyFailed.Word, detail);
                throw new ClusterException(
                    Contracts.ProblemCode.DependencyFailed, detail, "Submit it again, or /retry it.", [fault]);
            }
        }

        return spec.DependsOn.All(id => phases.TryGetValue(id, out var phase) && phase == JobPhase.Succeeded);
    }
}
