using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>Where the rows of a job's result are: the artifacts of its last stage, or the files that it published.</summary>
internal sealed class StoredResults(
    IJobStore jobs, ICheckpointStore checkpoints, DataRoots roots, ClusterPaths paths, StoredFiles stored)
{
    /// <summary>The files of a job's result, all of them there.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>, <c>result-not-ready</c>, <c>result-expired</c>.</exception>
    public async Task<StoredResult> Find(JobId job, CancellationToken cancellationToken)
    {
        var record = await jobs.Find(job, cancellationToken)
            ?? throw new ClusterException(Contracts.ProblemCode.JobNotFound, $"There is no job {job}.");
        if (record.State is not { Phase: JobPhase.Succeeded, Result: { } result })
        {
            throw NotReady(record);
        }

        var files = record.Spec.Output is { } output
            ? OfFolder(record, result, output)
            : Artifacts(await LastStage(job, cancellationToken), file => !file.IsQuarantine);
        return new StoredResult(
            job, files, await Look(job, files, cancellationToken), record.Spec.Output, result.Columns);
    }

    /// <summary>A table of a job's result beside its rows, kept with the job.</summary>
    /// <exception cref="ClusterException">As <see cref="Find"/>; <c>not-found</c> when there is no such table.</exception>
    public async Task<StoredResult> FindTable(JobId job, string table, CancellationToken cancellationToken)
    {
        var record = await jobs.Find(job, cancellationToken)
            ?? throw new ClusterException(Contracts.ProblemCode.JobNotFound, $"There is no job {job}.");
        if (record.State.Phase != JobPhase.Succeeded)
        {
            throw NotReady(record);
        }

        var plan = await jobs.FindPlan(job, cancellationToken) ?? throw Gone(job);
        if (!plan.Tables.TryGetValue(table, out var stage))
        {
            throw new ClusterException(
                Contracts.ProblemCode.NotFound, $"The result of job {job} has no table '{table}'.",
                plan.Tables.Count == 0
                    ? "It has its rows alone; leave table out."
                    : $"Its tables are: {string.Join(", ", plan.Tables.Keys)}.");
        }

        var files = Artifacts(await checkpoints.List(job, stage, cancellationToken), file => !file.IsQuarantine);
        return new StoredResult(job, files, await Look(job, files, cancellationToken), null, plan.Stages[stage].Columns);
    }

    /// <summary>Committed artifacts of partitions, in order, that are wanted.</summary>
    public IReadOnlyList<ArtifactRef> Artifacts(IEnumerable<PartitionRecord> partitions, Func<ArtifactFile, bool> isWanted) =>
    [
        .. from partition in partitions
           where partition is { State: PartitionState.Committed, Manifest: not null, ArtifactFolder: not null }
           from file in partition.Manifest!.Files
           where isWanted(file)
           select new ArtifactRef(
               new AttemptId(partition.Task, partition.Attempt), paths.Artifact(ArtifactPath.Of(partition, file)),
               file.Rows, file.Bytes, file.Sha256),
    ];

    private async Task<IReadOnlyList<FileStamp>> Look(
        JobId job, IReadOnlyList<ArtifactRef> files, CancellationToken cancellationToken)
    {
        try
        {
            var stamps = await stored.Look([.. files.Select(file => file.Path)], cancellationToken);
            return stamps.Contains(null) ? throw Gone(job) : [.. stamps.OfType<FileStamp>()];
        }
        catch (ObjectStoreException fault)
        {
            throw fault.ToUnavailable();
        }
    }

    private static ClusterException Gone(JobId job) =>
        new(Contracts.ProblemCode.ResultExpired, $"The result of job {job} has been removed.", "Submit the job again.");

    private static ClusterException NotReady(JobRecord record) => record.State.Phase.IsTerminal()
        ? new(Contracts.ProblemCode.ResultNotReady, $"Job {record.State.Id} did not succeed, so it has no result.",
            "Its status says why. /retry starts it again.")
        : new(Contracts.ProblemCode.ResultNotReady, $"Job {record.State.Id} has not ended yet.",
            "Wait for its status to be SUCCEEDED.");

    private async Task<IEnumerable<PartitionRecord>> LastStage(JobId job, CancellationToken cancellationToken)
    {
        var plan = await jobs.FindPlan(job, cancellationToken)
            ?? throw new ClusterException(Contracts.ProblemCode.ResultExpired, $"The plan of job {job} has been removed.");
        return await checkpoints.List(job, plan.Stages[^1].Index, cancellationToken);
    }

    private List<ArtifactRef> OfFolder(JobRecord record, JobResult result, OutputSpec output)
    {
        var folder = roots.ResolveOutput(output.Path, "/output/path");
        // Files of an output are nobody's attempt any more; the number 0 is given to none.
        var producer = new AttemptId(new TaskId(record.State.Id, 0, 0), 0);
        return [.. result.Files.Select(file =>
            new ArtifactRef(producer, Path.Combine(folder, file.Path), file.Rows, file.Bytes, file.Sha256))];
    }
}

/// <summary>
/// A result as it is stored, its files as they were just now. <paramref name="Output"/> is null when it is kept with its job.
/// </summary>
internal sealed record StoredResult(
    JobId Job, IReadOnlyList<ArtifactRef> Files, IReadOnlyList<FileStamp> Stamps, OutputSpec? Output,
    IReadOnlyList<ColumnSchema> Columns)
{
    /// <summary>Columns that are in the names of the files' folders.</summary>
    public IReadOnlyList<string> FolderColumns => Output?.PartitionBy ?? [];

    /// <summary>Format of the files.</summary>
    public OutputFormat Format => Output?.Format ?? OutputFormat.Parquet;
}
