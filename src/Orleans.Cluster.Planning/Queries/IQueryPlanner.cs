using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// From a spec and its datasets to stages. Deterministic: it depends on its arguments and the engine's parser alone.
/// </summary>
public interface IQueryPlanner
{
    /// <summary>Cuts the job's one query into stages.</summary>
    /// <param name="spec">The job; its form has been checked.</param>
    /// <param name="datasets">Datasets by name: those of <c>sources</c>, or one named <c>source</c>.</param>
    /// <param name="cancellationToken">Ends the wait for the engine.</param>
    /// <exception cref="ClusterException">
    /// 422 with every fault that the data shows (<c>column-not-found</c>, <c>query-invalid</c>), each with its JSON pointer.
    /// </exception>
    Task<JobPlan> Plan(JobSpec spec, IReadOnlyDictionary<string, PlannedDataset> datasets, CancellationToken cancellationToken);
}
