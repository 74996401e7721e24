using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// What one caller may ask of a cluster that others use too: how many jobs, how urgent, how long, and whose output it may
/// replace.
/// </summary>
internal sealed class SubmitRules(
    IJobStore jobs, IOutputOwners outputs, ActiveJobCount active, CallerQuota quota, IOptions<QueueOptions> queue,
    IOptions<JobOptions> options)
{
    /// <summary>Jobs that administrators may submit to a queue that is full: whoever has to put it in order needs room.</summary>
    public const int AdministratorReserve = 100;

    /// <summary>The job as it is accepted.</summary>
    /// <exception cref="ClusterException">
    /// <c>forbidden</c>, <c>queue-full</c>, <c>quota-exceeded</c>, <c>output-exists</c>.
    /// </exception>
    public async Task<JobSpec> Check(JobSpec spec, SubmitOrigin origin, CancellationToken cancellationToken)
    {
        if (spec.Priority == JobPriority.Critical && origin.Role < queue.Value.CriticalRole)
        {
            throw new ClusterException(
                Contracts.ProblemCode.Forbidden,
                $"Priority CRITICAL needs the role {queue.Value.CriticalRole.ToString().ToUpperInvariant()} "
                    + "(Queue:CriticalRole).",
                "Submit with priority HIGH.");
        }

        await CheckNumber(origin, cancellationToken);
        if (CallerQuota.HoldsFor(origin))
        {
            await quota.Check(origin.Owner!, cancellationToken);
        }

        await CheckOutput(spec, origin, cancellationToken);
        return options.Value.LongestRun is { } longest && origin is not { Owner: not null, Role: AccessRole.Admin }
            && !(spec.TimeoutSeconds <= longest.TotalSeconds)
            ? spec with { TimeoutSeconds = (int)longest.TotalSeconds }
            : spec;
    }

    /// <summary>Takes room for the partitions of a job that is planned before it is accepted.</summary>
    /// <exception cref="ClusterException"><c>quota-exceeded</c>.</exception>
    public Task TakePartitions(JobPlan plan, SubmitOrigin origin, CancellationToken cancellationToken) =>
        CallerQuota.HoldsFor(origin)
            ? quota.TakePartitions(origin.Owner, CallerQuota.WaitingOf(plan), cancellationToken)
            : Task.CompletedTask;

    /// <summary>A job was accepted.</summary>
    public void Added() => active.Added();

    private async Task CheckNumber(SubmitOrigin origin, CancellationToken cancellationToken)
    {
        var most = queue.Value.MaxActiveJobs + (origin is { Owner: not null, Role: AccessRole.Admin } ? AdministratorReserve : 0);
        if (await active.Get(cancellationToken) >= most)
        {
            throw new ClusterException(
                Contracts.ProblemCode.QueueFull, $"{queue.Value.MaxActiveJobs} jobs have not ended yet.",
                "Try again later, or raise Queue:MaxActiveJobs.");
        }

        if (origin is { Owner: { } owner, Role: < AccessRole.Admin } && queue.Value.MaxActiveJobsPerCaller is { } share
            && await jobs.CountActive(owner, cancellationToken) >= share)
        {
            throw new ClusterException(
                Contracts.ProblemCode.QueueFull,
                $"{share} jobs of this caller have not ended yet (Queue:MaxActiveJobsPerCaller).",
                "Wait for some of them, or cancel them.");
        }
    }

    // What an earlier job of somebody else has published is not this caller's to remove.
    private async Task CheckOutput(JobSpec spec, SubmitOrigin origin, CancellationToken cancellationToken)
    {
        if (spec.Output is not { Mode: OutputMode.Overwrite } output
            || origin is not { Owner: { } owner, Role: < AccessRole.Admin })
        {
            return;
        }

        var owners = await jobs.FindOwners(await outputs.ListJobs(output, cancellationToken), cancellationToken);
        if (owners.Values.Any(other => other != owner))
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputExists,
                $"{output.Path} holds the output of another caller, which OVERWRITE may not remove.",
                "Choose another output.path.");
        }
    }
}
