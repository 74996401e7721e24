using Orleans.Cluster.Contracts;
using Orleans.Concurrency;

namespace Orleans.Cluster.InsideContracts;

/// <summary>
/// One reading of a job's rows. The gateway that hosts it writes them into a scratch file, which the reader fetches piece by
/// piece and which goes with this grain: when the reader closes it, or two minutes after its last call.
/// <code>
/// Open --(null: still being written, ask again)--> RowsHead --> Read(0) --> Read(n) ... --> Close
/// </code>
/// </summary>
[Alias("IRowsGrain")]
internal interface IRowsGrain : IGrainWithStringKey
{
    /// <summary>Starts writing the rows, or goes on. Null while they are being written.</summary>
    /// <exception cref="ClusterException">
    /// <c>job-not-found</c>, <c>result-not-ready</c>, <c>result-expired</c>, <c>validation-failed</c>.
    /// </exception>
    [Alias("Open")]
    Task<RowsHead?> Open(RowsRequest request);

    /// <summary>
    /// Bytes from a position, at most <see cref="InsideLimits.PieceBytes"/>; empty at the end. Null when the file is no longer
    /// here, because the silo that had it has ended.
    /// </summary>
    [Alias("Read")]
    Task<byte[]?> Read(long position);

    /// <summary>The rows are needed no more.</summary>
    [Alias("Close"), OneWay]
    Task Close();
}

/// <summary>Which rows, and in which form.</summary>
/// <param name="Job">Whose.</param>
/// <param name="Quarantine">Those that were set aside, instead of the result.</param>
/// <param name="Format">Form of the file.</param>
/// <param name="Query"><c>offset</c> and <c>limit</c> as in the query of <c>result</c>, with its defaults.</param>
[GenerateSerializer, Immutable, Alias("RowsRequest")]
internal sealed record RowsRequest(
    [property: Id(0)] JobId Job,
    [property: Id(1)] bool Quarantine,
    [property: Id(2)] ExportFormat Format,
    [property: Id(3)] string Query);

/// <summary>Rows that are ready to be read.</summary>
/// <param name="Bytes">Length of the file.</param>
/// <param name="TotalRows">Rows of the whole result.</param>
[GenerateSerializer, Immutable, Alias("RowsHead")]
internal sealed record RowsHead([property: Id(0)] long Bytes, [property: Id(1)] long TotalRows);
