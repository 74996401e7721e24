using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>Does what follows from a job's decisions, once they are stored.</summary>
/// <param name="row">The job.</param>
/// <param name="planning">Plans it.</param>
/// <param name="publishing">Publishes it.</param>
/// <param name="partitions">Tells what runs.</param>
/// <param name="grains">Where its attempts and the queue are.</param>
/// <param name="look">Called when an attempt has been stopped.</param>
internal sealed class JobActions(
    JobRow row, PlanningRun planning, PublishingRun publishing, JobPartitions partitions, IGrainFactory grains, Func<Task> look)
{
    /// <summary>Does one thing. Safe to do twice.</summary>
    public async Task Execute(JobCommand command)
    {
        switch (command)
        {
            case JobCommand.Plan:
                planning.Start();
                break;
            case JobCommand.Publish:
                publishing.Start();
                break;
            case JobCommand.StopAttempts:
                Stop(await partitions.ListRunning(row.Id));
                break;
            case JobCommand.PokeQueue:
                grains.GetGrain<IQueueGrain>(GrainKeys.Queue).Poke(row.Id).Ignore();
                break;
        }
    }

    /// <summary>Stops attempts, each at its own address, and looks when one has ended.</summary>
    public void Stop(IEnumerable<(AttemptId Attempt, WorkerId Worker)> attempts)
    {
        foreach (var (attempt, worker) in attempts)
        {
            if (WorkerIds.TryGetSilo(worker, out var silo))
            {
                RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo);
            }

            grains.GetGrain<IPartitionGrain>(GrainKeys.Partition(attempt)).Cancel().ContinueWith(
                _ => look(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current).Ignore();
            RequestContext.Clear();
        }
    }
}
