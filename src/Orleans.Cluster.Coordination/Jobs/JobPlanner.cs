using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>Plans an accepted job, off its grain: whatever planning does, the job can be asked and cancelled.</summary>
internal sealed class JobPlanner(IJobPlanning planning, AdmissionCheck admission, CallerQuota quota, TimeProvider clock)
{
    // Each question of planning has a bound, by default ten minutes at most; what is beyond this is a disk that does not answer.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>The plan of a job.</summary>
    /// <exception cref="ClusterException">What is wrong with its data or its size, or <c>quota-exceeded</c>.</exception>
    /// <exception cref="OperationCanceledException">Given up; nothing of it runs any more, see <see cref="GivenUp"/>.</exception>
    public async Task<JobPlan> Plan(JobRecord job, CancellationToken cancellationToken)
    {
        var asking = Task.Run(
            () => AskedBy.Run(job.Owner, () => planning.Plan(job.Spec, job.State.WiderTypes, cancellationToken)),
            CancellationToken.None);
        var made = await GivenUp.EndOf(asking, Patience, clock, cancellationToken);
        await admission.CheckGang(job.Spec, made, cancellationToken);
        if (job.State.HasQuota)
        {
            await quota.TakePartitions(job.Owner, CallerQuota.WaitingOf(made), cancellationToken);
        }

        return made;
    }
}
