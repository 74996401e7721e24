using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Publishes into folders. A job without <c>output</c> keeps its files where they are. Otherwise:
/// 1. each file is copied into the output folder under a hidden name, its hash is compared with what was committed, and it is renamed to a
///    name that carries job, partition and attempt;
/// 2. OVERWRITE notes the files that it will remove;
/// 3. the job's row is asked once more, since this process may have stood still for long;
/// 4. the manifest of the job is written last, without replacing one, and makes the files count;
/// 5. what OVERWRITE has noted is removed, and what killed publishers left.
/// Each step can be done again: names are the same every time and what is there already is left.
/// </summary>
internal sealed class OutputPublisher(ClusterPaths paths) : IOutputPublisher
{
    public Task<JobResult?> Publish(
        JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted, CancellationToken cancellationToken) =>
        Task.Run(
            () => job.Spec.Output is { } output
                ? TryPlace(job.State.Id, output, plan, partitions, isWanted)
                : Task.FromResult<JobResult?>(Keep(plan, partitions)),
            cancellationToken);

    private JobResult Keep(JobPlan plan, IReadOnlyList<PartitionRecord> partitions)
    {
        foreach (var (partition, file, _) in Files(partitions))
        {
            var artifact = new FileInfo(Artifact(partition, file));
            if (!artifact.Exists || artifact.Length != file.Bytes)
            {
                var producer = Producer(partition);
                throw new ArtifactLostException(producer, $"{producer}: artifact {artifact.FullName} is gone, or has not the {file.Bytes} bytes that were committed.");
            }
        }

        return Result(plan, partitions, Files(partitions)
            .Select(item => new ResultFile($"{item.Partition.ArtifactFolder}/{item.File.Path}", item.File.Rows, item.File.Bytes, item.File.Sha256)));
    }

    private async Task<JobResult?> TryPlace(
        JobId job, OutputSpec output, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted)
    {
        try
        {
            return await Place(job, output, plan, partitions, isWanted);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new ClusterException(
                Contracts.ProblemCode.Internal, $"{output.Path} cannot be written: {exception.Message}",
                "Give the user that the silos run as the right to write there, then /retry.");
        }
    }

    private async Task<JobResult?> Place(
        JobId job, OutputSpec output, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted)
    {
        var path = paths.OutputFolder(output.Path);
        Directory.CreateDirectory(path);
        var folder = new OutputFolder(path, job);
        if (folder.Find() is { } earlier)
        {
            return Finish(folder, earlier);
        }

        var others = folder.Others();
        if (others.Count > 0 && output.Mode == OutputMode.ErrorIfExists)
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputExists, $"{output.Path} already holds the output of another job ({Path.GetFileName(others[0])}).",
                "Choose another output.path, or set output.mode to OVERWRITE or APPEND.");
        }

        var files = new List<ResultFile>();
        foreach (var (partition, file, index) in Files(partitions))
        {
            var name = Name(job, partition, file.Path, index);
            folder.Copy(Producer(partition), Artifact(partition, file), file, name);
            files.Add(new ResultFile(name, file.Rows, file.Bytes, file.Sha256));
        }

        if (output.Mode == OutputMode.Overwrite && others.Count > 0)
        {
            folder.NoteReplaced(others);
        }

        // Between this and the manifest a process may stand still all the same; but no longer than a rename takes, in all likelihood.
        return await isWanted() ? Finish(folder, folder.Publish(Result(plan, partitions, files))) : null;
    }

    private static JobResult Finish(OutputFolder folder, JobResult published)
    {
        folder.RemoveReplaced();
        folder.RemoveLeftovers(published);
        return published;
    }

    private static IEnumerable<(PartitionRecord Partition, ArtifactFile File, int Index)> Files(IReadOnlyList<PartitionRecord> partitions) =>
        from partition in partitions
        from item in partition.Manifest!.Files.Where(file => file.Target >= 0).Select((file, index) => (file, index))
        select (partition, item.file, item.index);

    private string Artifact(PartitionRecord partition, ArtifactFile file) => Path.Combine(paths.Artifacts, partition.ArtifactFolder!, file.Path);

    private static AttemptId Producer(PartitionRecord partition) => new(partition.Task, partition.Attempt);

    // A file of a partitioned output keeps its key=value folders.
    private static string Name(JobId job, PartitionRecord partition, string path, int index)
    {
        var extension = string.Concat(Path.GetFileName(path).SkipWhile(character => character != '.'));
        var name = $"part-{job}-{partition.Task.Partition:00000}-{partition.Attempt}-{index:000}{extension}";
        return Path.GetDirectoryName(path) is { Length: > 0 } folder ? $"{folder}/{name}" : name;
    }

    private static JobResult Result(JobPlan plan, IReadOnlyList<PartitionRecord> partitions, IEnumerable<ResultFile> files)
    {
        ResultFile[] all = [.. files];
        var committed = partitions.Sum(partition => partition.Manifest!.RowsOut);
        if (all.Sum(file => file.Rows) != committed || all.DistinctBy(file => file.Path).Count() != all.Length)
        {
            throw new ClusterException(
                Contracts.ProblemCode.Internal,
                $"Rows do not add up: {committed} rows were committed, but {all.Length} files with {all.Sum(file => file.Rows)} rows would be published.");
        }

        return new JobResult(all.Sum(file => file.Rows), all.Sum(file => file.Bytes), ResultColumns.Of(plan, partitions), all);
    }
}
