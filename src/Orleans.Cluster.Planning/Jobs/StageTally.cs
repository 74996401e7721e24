namespace Orleans.Cluster.Planning.Jobs;

/// <summary>Numbers of one stage.</summary>
/// <param name="Stage">Its number.</param>
/// <param name="Total">Partitions, those split not counted.</param>
/// <param name="Waiting">Waiting ones.</param>
/// <param name="Running">Running ones.</param>
/// <param name="Committed">Committed ones.</param>
/// <param name="Failed">Failed ones.</param>
/// <param name="Cancelled">Cancelled ones.</param>
/// <param name="Retried">Attempts beyond the first of each.</param>
/// <param name="BytesTotal">Sum of <see cref="PartitionWork.Bytes"/>.</param>
/// <param name="BytesDone">The same of committed ones.</param>
/// <param name="RowsIn">Rows read by committed attempts.</param>
/// <param name="RowsOut">Rows written by committed attempts.</param>
/// <param name="BytesOut">Bytes written by committed attempts.</param>
/// <param name="QuarantinedRows">Rows set aside by committed attempts.</param>
/// <param name="Split">Partitions whose children do their work.</param>
public sealed record StageTally(
    int Stage, int Total, int Waiting, int Running, int Committed, int Failed, int Cancelled, int Retried,
    long BytesTotal, long BytesDone, long RowsIn, long RowsOut, long BytesOut, long QuarantinedRows, int Split = 0);
