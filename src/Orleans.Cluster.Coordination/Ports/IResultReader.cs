using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Rows of results and of quarantine, as files in a client's form.</summary>
internal interface IResultReader
{
    /// <summary>
    /// A page of a job's result, or of a table beside its rows. It may still be written when this answers. The caller streams the
    /// file and disposes the page, which deletes it.
    /// </summary>
    /// <exception cref="ClusterException">
    /// <c>job-not-found</c>, <c>result-not-ready</c>, <c>result-expired</c>; <c>not-found</c> when there is no such table.
    /// </exception>
    Task<RowsFile> Read(
        JobId job, string? table, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken);

    /// <summary>Files of a job's result, which in order are the result.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>, <c>result-not-ready</c>, <c>result-expired</c>.</exception>
    Task<ResultParts> ListParts(JobId job, CancellationToken cancellationToken);

    /// <summary>Rows of one part.</summary>
    /// <exception cref="ClusterException">
    /// <c>job-not-found</c>, <c>result-not-ready</c>, <c>result-expired</c>; <c>not-found</c> when there is no such part.
    /// </exception>
    Task<RowsFile> ReadPart(JobId job, int index, ExportFormat format, CancellationToken cancellationToken);

    /// <summary>Rows that were set aside: file, line, byte offset, column, value, expected type, raw text.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    Task<RowsFile> ReadQuarantine(JobId job, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken);
}
