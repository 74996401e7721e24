namespace Orleans.Cluster.Contracts.Rest;

/// <summary>All partitions of a job in one small answer.</summary>
/// <param name="Revision">The job's revision then.</param>
/// <param name="Stages">Stages that have opened, in order.</param>
public sealed record PartitionSummary(long Revision, IReadOnlyList<StageSummary> Stages);

/// <summary>The partitions of one stage, by number.</summary>
/// <param name="Stage">Its number.</param>
/// <param name="States">One letter for each: W waiting, R running, C committed, F failed, S split, X cancelled.</param>
/// <param name="Rows">Rows that each has read, once committed.</param>
/// <param name="Seconds">How long the last attempt of each took; 0 while none has ended.</param>
/// <param name="Bytes">Bytes that each reads.</param>
/// <param name="RowsOut">Rows that all committed ones made.</param>
/// <param name="BytesOut">Bytes of those rows.</param>
public sealed record StageSummary(
    int Stage, string States, IReadOnlyList<long> Rows, IReadOnlyList<double> Seconds, IReadOnlyList<long> Bytes, long RowsOut,
    long BytesOut);
