using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Rows of results and of quarantine, as files in a client's form.</summary>
internal interface IResultReader
{
    /// <summary>A page of a job's result. The caller streams the file and disposes the page, which deletes it.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>, <c>result-not-ready</c>, <c>result-expired</c>.</exception>
    Task<RowsFile> Read(JobId job, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken);

    /// <summary>Rows that were set aside: file, line, byte offset, column, value, expected type, raw text.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    Task<RowsFile> ReadQuarantine(JobId job, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken);
}

/// <summary>A page of rows in a scratch file that goes when this is disposed.</summary>
internal sealed class RowsFile(string path, ExportedRows rows) : IDisposable
{
    public string Path { get; } = path;

    public ExportedRows Rows { get; } = rows;

    public void Dispose() => File.Delete(Path);
}
