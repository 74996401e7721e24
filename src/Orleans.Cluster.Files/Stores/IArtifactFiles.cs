using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// The artifact store for those who look after it. Files of attempts are <c>{job}/{stage}/{partition}/{attempt}/...</c>, named
/// relative to the store, with slashes. What is deleted may be gone already or change meanwhile: other processes write, and
/// another janitor may sweep at the same time.
/// </summary>
internal interface IArtifactFiles : IArtifactStore
{
    /// <summary>Jobs that have anything there. Names that are no job ids are somebody else's and left alone.</summary>
    Task<IReadOnlyList<JobId>> ListJobs(CancellationToken cancellationToken);

    /// <summary>Attempt folders of a job, in order; those too of which nothing is whole yet.</summary>
    Task<IReadOnlyList<string>> ListAttempts(JobId job, CancellationToken cancellationToken);

    /// <summary>When something of the job's last changed; the distant past when it has nothing.</summary>
    Task<DateTimeOffset> FindLastChange(JobId job, CancellationToken cancellationToken);

    /// <summary>Removes one folder with all that is in it, and what is being written there.</summary>
    Task Delete(string folder, CancellationToken cancellationToken);

    /// <summary>Removes each file of a job that is not in the list, and folders that are empty then.</summary>
    /// <returns>Number of files removed.</returns>
    Task<int> DeleteFilesExcept(JobId job, IReadOnlySet<string> keep, CancellationToken cancellationToken);

    /// <summary>The mark of the store; null when there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    Task<byte[]?> ReadMark(CancellationToken cancellationToken);

    /// <summary>Writes the mark, whole and durable, in place of the one that is there.</summary>
    /// <param name="mark">What it says.</param>
    /// <param name="isNew">Whether there must be none yet.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>False when it is to be new, and somebody else has written one.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    Task<bool> WriteMark(ReadOnlyMemory<byte> mark, bool isNew, CancellationToken cancellationToken);

    /// <summary>Why this process cannot write there, as far as it can be told without writing; null when it can.</summary>
    string? FindWriteFault();
}
