using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>Partitions of a job for those that change its row: the ones that a stage opens with, and attempts that run.</summary>
internal sealed class JobPartitions(ICheckpointStore checkpoints, AdmissionCheck admission)
{
    /// <summary>Partitions of stages that open, numbered on from the attempts of plans that were dropped.</summary>
    /// <exception cref="ClusterException">
    /// <c>resources-impossible</c>: a stage of a gang is wider than the cluster can become.
    /// </exception>
    public async Task<IReadOnlyList<PartitionRecord>> Open(JobState state, JobSpec spec, JobPlan? plan, IReadOnlyList<int> stages)
    {
        if (stages.Count == 0)
        {
            return [];
        }

        var upstream = stages.SelectMany(index => plan!.Stages[index].Inputs).Where(input => input.Stage is not null).Select(
            input => input.Stage!.Value);
        var committed = new Dictionary<int, IReadOnlyList<PartitionRecord>>();
        foreach (var index in upstream.Distinct())
        {
            var all = await checkpoints.List(state.Id, index, CancellationToken.None);
            committed[index] = [.. all.Where(partition => partition.State == PartitionState.Committed)];
        }

        var opened = stages.ToDictionary(
            index => index, index => StageOpener.Open(state.Id, state.Epoch, plan!, index, committed));
        await admission.CheckOpening(spec, opened.Values.Max(partitions => partitions.Count), CancellationToken.None);
        return [.. stages.SelectMany(index => opened[index])];
    }

    /// <summary>Attempts that run, with their workers.</summary>
    public Task<IReadOnlyList<(AttemptId Attempt, WorkerId Worker)>> ListRunning(JobId job) =>
        checkpoints.ListRunning(job, CancellationToken.None);
}
