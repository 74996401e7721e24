using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Makes a job's output visible, once. Doing it again, from anywhere, ends in the same files.</summary>
internal interface IOutputPublisher
{
    /// <summary>Publishes the files of the last stage's committed partitions, given in order.</summary>
    /// <param name="job">The job.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="partitions">Committed partitions of its last stage.</param>
    /// <param name="isWanted">
    /// Asked right before the output becomes visible: whether the job's row still says that it is to be published. A yes holds:
    /// nothing stops the job any more.</param>
    /// <param name="cancellationToken">Ends it while nothing is visible yet.</param>
    /// <returns>What is visible now; null when <paramref name="isWanted"/> said no.</returns>
    /// <exception cref="ClusterException">
    /// <c>output-exists</c>, <c>output-not-writable</c>, or another reason why the output cannot be there.
    /// </exception>
    /// <exception cref="ArtifactLostException">A file is not what was committed.</exception>
    /// <exception cref="IOException">Not now; worth trying again.</exception>
    Task<PublishedOutput?> Publish(
        JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken);

    /// <summary>
    /// Removes what a job that has ended without a result left in its output folder. Doing it again does no harm.
    /// </summary>
    /// <exception cref="IOException">Not now; worth trying again.</exception>
    Task Clear(JobRecord job, CancellationToken cancellationToken);
}

/// <summary>An output that is visible, with what a reader of the job's status should know of it.</summary>
internal sealed record PublishedOutput(JobResult Result, IReadOnlyList<string> Notes);
