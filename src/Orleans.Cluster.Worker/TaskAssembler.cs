using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Puts together what an executor needs for one attempt: the stage's query from the plan, the partition's slices, the artifacts
/// of earlier stages. Plans and what earlier stages have written are kept for a while, since many attempts of one stage come
/// after each other.
/// </summary>
internal sealed class TaskAssembler(
    IJobStore jobs, ICheckpointStore checkpoints, AttemptFolders folders, IOptions<ExecutorOptions> options, TimeProvider clock,
    IObjectGrants? grants = null)
{
    private const int KeptPlans = 32;
    private readonly ConcurrentDictionary<(JobId Job, int Epoch), (JobPlan Plan, JobRecord Job)> plans = [];
    private readonly UpstreamManifests upstream = new(checkpoints, clock);

    /// <summary>The task of an attempt; or the upstream task that has no artifact now.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c> when the job or its plan is gone.</exception>
    public async Task<(TaskSpec? Task, TaskId? Missing)> Assemble(PartitionRecord partition, CancellationToken cancellationToken)
    {
        var (plan, job) = await FindPlan(partition, cancellationToken);
        var stage = plan.Stages[partition.Task.Stage];
        var producers = new Dictionary<int, IReadOnlyList<PartitionRecord>>();
        foreach (var index in stage.Inputs.Where(input => input.Stage is not null).Select(input => input.Stage!.Value).Distinct())
        {
            producers[index] = await upstream.Find(partition.Task.Job, partition.Epoch, index, cancellationToken);
        }

        var (inputs, missing) = TaskInputs.Resolve(plan, partition, producers, folders.Locate);
        if (inputs is null)
        {
            Forget(partition.Task.Job, missing!.Value.Stage);
            return (null, missing);
        }

        var attempt = new AttemptId(partition.Task, partition.Attempt);
        var task = new TaskSpec
        {
            Attempt = attempt,
            Kind = stage.Kind,
            Query = stage.Query,
            Ungrouped = stage.Ungrouped,
            KeyColumns = stage.KeyColumns,
            Threads = stage.Threads,
            FewGroups = stage.FewGroups,
            Inputs = [.. inputs.Select(input => Restamp(input, job.State.AcceptedStamps))],
            Output = stage.Output,
            AttemptFolder = folders.Artifact(attempt),
            ScratchFolder = folders.Scratch(attempt),
            MemoryBytes = job.Spec.Resources.MemoryBytes,
            OnBadRow = job.Spec.OnBadRow,
            ScratchBytes = options.Value.ScratchBytesPerAttempt,
            IsDurable = folders.AreInStore,
        };
        return (task with { Grant = grants?.For(task.Files) }, null);
    }

    /// <summary>What was kept of a stage's artifacts is out of date.</summary>
    public void Forget(JobId job, int stage) => upstream.Doubt(job, stage);

    // A file that was written again and accepted since is read under its new stamp; one that changes after that is refused as
    // ever.
    private static TaskInput Restamp(TaskInput input, IReadOnlyList<FileStamp> accepted) =>
        input.Scan is not { } scan || accepted.Count == 0
        ? input
        : input with
        {
            Scan = scan with
            {
                Slices =
                    [.. scan.Slices
                        .Select(slice => accepted.FirstOrDefault(stamp => stamp.Path == slice.File.Stamp.Path) is { } now
                    ? slice with { File = slice.File with { Stamp = now } }
                    : slice)],
            },
        };

    private async Task<(JobPlan Plan, JobRecord Job)> FindPlan(PartitionRecord partition, CancellationToken cancellationToken)
    {
        var key = (partition.Task.Job, partition.Epoch);
        if (plans.TryGetValue(key, out var known))
        {
            return known;
        }

        var record = await jobs.Find(partition.Task.Job, cancellationToken);
        var plan = await jobs.FindPlan(partition.Task.Job, cancellationToken);
        if (record is null || plan is null)
        {
            throw new ClusterException(
                Contracts.ProblemCode.JobNotFound, $"Job {partition.Task.Job} or its plan has been removed.");
        }

        if (plans.Count >= KeptPlans)
        {
            plans.Clear();
        }

        return plans[key] = (plan, record);
    }
}
