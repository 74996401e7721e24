namespace Orleans.Cluster.Contracts.Rest;

/// <summary>
/// Partitions that have changed their state: the event <c>partitions</c> of a job. The first one of a stream names all of them.
/// </summary>
/// <param name="Id">The job.</param>
/// <param name="Revision">The job's revision then.</param>
/// <param name="Stages">Stages with changes, in order.</param>
public sealed record PartitionsEvent(JobId Id, long Revision, IReadOnlyList<StageChange> Stages);

/// <summary>What has changed in one stage.</summary>
/// <param name="Stage">Its number.</param>
/// <param name="Total">Partitions that it has now.</param>
/// <param name="Runs">Neighbours that have changed.</param>
public sealed record StageChange(int Stage, int Total, IReadOnlyList<PartitionRun> Runs);

/// <summary>Neighbours by number.</summary>
/// <param name="From">The first.</param>
/// <param name="States">One letter for each, as <see cref="StageSummary.States"/> has them.</param>
public sealed record PartitionRun(int From, string States);
