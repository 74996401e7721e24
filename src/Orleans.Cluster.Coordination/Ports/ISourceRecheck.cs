using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Looks, at a retry, for source files that were written again since the job was planned. A file that was missing and is back
/// (restored, mounted again) has another modification time, which a task refuses; but whoever asks for the retry says that it is
/// the file that was meant, and most of that can be checked.
/// </summary>
internal interface ISourceRecheck
{
    /// <summary>Stamps, as they are now, of files that may be read in place of those that were planned.</summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="before">Stamps accepted at earlier retries; one that still holds is answered again.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    Task<IReadOnlyList<FileStamp>> FindAccepted(
        JobPlan plan, IReadOnlyList<FileStamp> before, CancellationToken cancellationToken);
}
