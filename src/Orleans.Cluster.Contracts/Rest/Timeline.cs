namespace Orleans.Cluster.Contracts.Rest;

/// <summary>Attempts as bars, one row for each slot of each worker.</summary>
/// <param name="Bars">In order of their begin.</param>
/// <param name="Merged">Whether neighbours were merged because there were too many.</param>
public sealed record Timeline(IReadOnlyList<TimelineBar> Bars, bool Merged);

/// <summary>One attempt, or neighbours of one job and stage that were merged.</summary>
/// <param name="Worker">Who ran it.</param>
/// <param name="Slot">Row within the worker, from 0: attempts of one row do not overlap.</param>
/// <param name="Job">Its job.</param>
/// <param name="Stage">Its stage.</param>
/// <param name="Partition">Its partition; of merged ones, the first.</param>
/// <param name="Attempt">Its number; of merged ones, the highest.</param>
/// <param name="State">
/// <c>RUNNING</c>, <c>COMMITTED</c>, <c>FAILED</c>, <c>LOST</c> or <c>CANCELLED</c>; merged ones have one state.
/// </param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Count">Attempts in the bar.</param>
public sealed record TimelineBar(
    WorkerId Worker, int Slot, JobId Job, int Stage, int Partition, int Attempt, string State, DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt, int Count = 1);
