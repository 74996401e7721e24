using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>A guarded change of one partition.</summary>
/// <param name="Task">Which one.</param>
/// <param name="ExpectedAttempt">Attempt that it must still have.</param>
/// <param name="ExpectedState">State that it must still have.</param>
/// <param name="NewState">State that it gets.</param>
/// <param name="NotBefore">When it may begin again.</param>
public sealed record PartitionChange(
    TaskId Task, int ExpectedAttempt, PartitionState ExpectedState, PartitionState NewState, DateTimeOffset? NotBefore);
