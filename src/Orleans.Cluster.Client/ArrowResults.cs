using System.Runtime.CompilerServices;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Client;

/// <summary>Results as Arrow batches.</summary>
public static class ArrowResults
{
    /// <summary>
    /// The rows of a result in the job's order, batch by batch while they arrive; each batch is the caller's to dispose.
    /// </summary>
    /// <param name="jobs">The jobs of a cluster.</param>
    /// <param name="id">A job that has succeeded.</param>
    /// <param name="offset">Rows to pass over.</param>
    /// <param name="limit">At most so many rows; null for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async IAsyncEnumerable<RecordBatch> ReadArrowAsync(
        this IJobClient jobs, JobId id, long offset = 0, long? limit = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        await using var stream = await jobs.OpenResultAsync(id, ResultFormat.Arrow, offset, limit, cancellationToken);
        using var reader = new ArrowStreamReader(stream, leaveOpen: true);
        while (await reader.ReadNextRecordBatchAsync(cancellationToken) is { } batch)
        {
            yield return batch;
        }
    }
}
