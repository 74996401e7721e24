using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>Finds jobs that must exist.</summary>
internal static class JobLookup
{
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    public static async Task<JobRecord> Require(this IJobStore jobs, JobId id, CancellationToken cancellationToken) =>
        await jobs.Find(id, cancellationToken) ?? throw NotFound(id);

    public static ClusterException NotFound(JobId id) => new(Contracts.ProblemCode.JobNotFound, $"There is no job {id}.");
}
