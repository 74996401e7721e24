using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>What jobs keep between stages, for those who write and remove it.</summary>
internal interface IArtifactStore
{
    /// <summary>Whether what an executor writes into <see cref="WritingFolder"/> is in the store by that.</summary>
    bool IsWrittenInPlace { get; }

    /// <summary>The folder of this machine into which an attempt's executor writes.</summary>
    string WritingFolder(AttemptId attempt);

    /// <summary>
    /// Puts what an attempt has written into the store, whole and durable, under names that no other attempt has. It counts from
    /// its commit on. A store that is away for minutes is waited for.
    /// </summary>
    /// <exception cref="IOException">The store refused, or was away for too long. Nothing of it counts.</exception>
    Task Keep(AttemptId attempt, TaskManifest written, CancellationToken cancellationToken);

    /// <summary>
    /// Removes what an attempt wrote that does not count. Never throws: what cannot be removed now goes with the janitor.
    /// </summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="wasKept">Whether <see cref="Keep"/> was called for it, however it ended.</param>
    Task Discard(AttemptId attempt, bool wasKept);

    /// <summary>Attempts among some whose artifacts are not all there.</summary>
    /// <exception cref="IOException">The store does not say.</exception>
    Task<IReadOnlyList<AttemptId>> FindMissing(IReadOnlyCollection<ArtifactRef> files, CancellationToken cancellationToken);

    /// <summary>Removes all artifacts of a job. Nothing happens when it has none.</summary>
    Task Delete(JobId job, CancellationToken cancellationToken);
}
