using Orleans.Cluster.Contracts;
using Orleans.Cluster.Grains.Checkpoints;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>Finds jobs that must exist.</summary>
internal static class JobLookup
{
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    public static async Task<JobRecord> Require(this IJobStore jobs, JobId id, CancellationToken cancellationToken) =>
        await jobs.Find(id, cancellationToken) ?? throw NotFound(id);

    public static ClusterException NotFound(JobId id) => new(Contracts.ErrorCode.JobNotFound, $"There is no job {id}.");
}
