namespace Orleans.Cluster.Contracts.Rest;

/// <summary>The engine's operators, merged over the partitions of each stage: the answer of <c>jobs/{id}/profile</c>.</summary>
/// <param name="Stages">Stages of which a partition was measured, in order.</param>
public sealed record JobProfile(IReadOnlyList<StageProfile> Stages);

/// <summary>The operators of one stage.</summary>
/// <param name="Stage">Its number.</param>
/// <param name="Operators">Parents before children.</param>
/// <param name="Partitions">Partitions that were measured.</param>
/// <param name="SpilledBytes">Bytes written to local disk for want of memory, of all partitions.</param>
public sealed record StageProfile(int Stage, IReadOnlyList<OperatorProfile> Operators, int Partitions, long SpilledBytes);

/// <summary>One operator of a stage's query, over all partitions.</summary>
/// <param name="Id">Its number in the stage.</param>
/// <param name="Parent">Number of the operator that its rows go to; null for the last one.</param>
/// <param name="Name">The engine's word, such as <c>HASH_GROUP_BY</c>.</param>
/// <param name="Detail">What it works on.</param>
/// <param name="Seconds">Its own time, without that of the operators below it.</param>
/// <param name="Rows">Rows that came in and went out, of all partitions.</param>
/// <param name="SpilledBytes">Bytes that it wrote to local disk; 0 where the engine says it for the whole query alone.</param>
public sealed record OperatorProfile(
    int Id, int? Parent, string Name, string? Detail, ProfileSeconds Seconds, ProfileRows Rows, long SpilledBytes);

/// <summary>Seconds over partitions.</summary>
public sealed record ProfileSeconds(double Sum, double Median, double Max);

/// <summary>Rows in and out.</summary>
public sealed record ProfileRows(long In, long Out);
