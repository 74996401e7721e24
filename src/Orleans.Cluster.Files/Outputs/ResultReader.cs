using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>Rows of results: from the artifacts of the last stage, or from the output folder that the job was given.</summary>
internal sealed class ResultReader(
    IJobStore jobs, ICheckpointStore checkpoints, IPlanningEngine engine, DataRoots roots, ClusterPaths paths) : IResultReader
{
    /// <summary>Target of files that hold rows set aside; see <see cref="ArtifactFile"/>.</summary>
    private const int QuarantineTarget = -1;

    private static readonly ColumnSchema[] QuarantineColumns =
    [
        new("file", "VARCHAR"), new("line", "BIGINT"), new("byteOffset", "BIGINT"), new("column", "VARCHAR"), new("value", "VARCHAR"),
        new("expectedType", "VARCHAR"), new("reason", "VARCHAR"), new("raw", "VARCHAR"),
    ];

    public async Task<RowsFile> Read(JobId job, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken)
    {
        var record = await Require(job, cancellationToken);
        if (record.State is not { Phase: JobPhase.Succeeded, Result: { } result })
        {
            throw NotReady(record);
        }

        var files = record.Spec.Output is { } output
            ? OfFolder(record, result, output)
            : OfArtifacts(await LastStage(job, cancellationToken), target => target != QuarantineTarget);
        if (files.FirstOrDefault(file => !File.Exists(file.Path)) is not null)
        {
            throw new ClusterException(Contracts.ProblemCode.ResultExpired, $"The result of job {job} has been removed.", "Submit the job again.");
        }

        var sourceFormat = record.Spec.Output?.Format ?? OutputFormat.Parquet;
        return await Export(new(files, sourceFormat, result.Columns, offset, limit, format, NewScratchFile()), cancellationToken);
    }

    public async Task<RowsFile> ReadQuarantine(JobId job, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken)
    {
        await Require(job, cancellationToken);
        var partitions = await checkpoints.List(job, null, cancellationToken);
        var files = OfArtifacts(partitions, target => target == QuarantineTarget);
        return await Export(new(files, OutputFormat.Parquet, QuarantineColumns, offset, limit, format, NewScratchFile()), cancellationToken);
    }

    private async Task<JobRecord> Require(JobId job, CancellationToken cancellationToken) =>
        await jobs.Find(job, cancellationToken) ?? throw new ClusterException(Contracts.ProblemCode.JobNotFound, $"There is no job {job}.");

    private static ClusterException NotReady(JobRecord record) => record.State.Phase.IsTerminal()
        ? new(Contracts.ProblemCode.ResultNotReady, $"Job {record.State.Id} did not succeed, so it has no result.", "Its status says why. /retry starts it again.")
        : new(Contracts.ProblemCode.ResultNotReady, $"Job {record.State.Id} has not ended yet.", "Wait for its status to be SUCCEEDED.");

    private async Task<IEnumerable<PartitionRecord>> LastStage(JobId job, CancellationToken cancellationToken)
    {
        var plan = await jobs.FindPlan(job, cancellationToken)
            ?? throw new ClusterException(Contracts.ProblemCode.ResultExpired, $"The plan of job {job} has been removed.");
        return await checkpoints.List(job, plan.Stages[^1].Index, cancellationToken);
    }

    private List<ArtifactRef> OfArtifacts(IEnumerable<PartitionRecord> partitions, Func<int, bool> isWanted) =>
    [
        .. from partition in partitions
           where partition is { State: PartitionState.Committed, Manifest: not null, ArtifactFolder: not null }
           from file in partition.Manifest!.Files
           where isWanted(file.Target)
           select new ArtifactRef(
               new AttemptId(partition.Task, partition.Attempt), Path.Combine(paths.Artifacts, partition.ArtifactFolder!, file.Path),
               file.Rows, file.Bytes, file.Sha256),
    ];

    private List<ArtifactRef> OfFolder(JobRecord record, JobResult result, OutputSpec output)
    {
        var folder = roots.ResolveOutput(output.Path, "/output/path");
        // Files of an output are nobody's attempt any more; the number 0 is given to none.
        var producer = new AttemptId(new TaskId(record.State.Id, 0, 0), 0);
        return [.. result.Files.Select(file => new ArtifactRef(producer, Path.Combine(folder, file.Path), file.Rows, file.Bytes, file.Sha256))];
    }

    private async Task<RowsFile> Export(ExportRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return new RowsFile(request.TargetPath, await engine.Export(request, cancellationToken));
        }
        catch
        {
            File.Delete(request.TargetPath);
            throw;
        }
    }

    private string NewScratchFile()
    {
        var folder = Directory.CreateDirectory(Path.Combine(paths.Scratch, "results"));
        return Path.Combine(folder.FullName, $"{Guid.NewGuid():N}");
    }
}
