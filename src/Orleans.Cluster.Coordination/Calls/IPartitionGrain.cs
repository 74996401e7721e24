using Orleans.Concurrency;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>
/// The address of one attempt, on the worker that runs it; its key is <see cref="GrainKeys.Partition"/>. The work itself belongs
/// to that silo's AttemptRunner, because grains are deactivated when other silos leave and work is not.
/// </summary>
[Alias("IPartitionGrain")]
internal interface IPartitionGrain : IGrainWithStringKey
{
    /// <summary>Starts the attempt that this silo has begun. Answers at once; a second call does nothing.</summary>
    [Alias("Start")]
    Task Start();

    /// <summary>Stops the attempt. Answers when no process works for it any more; true when there was one.</summary>
    [Alias("Cancel"), AlwaysInterleave]
    Task<bool> Cancel();
}
