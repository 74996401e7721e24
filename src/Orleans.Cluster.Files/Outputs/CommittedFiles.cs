using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>The files of a job's last stage as they were committed, with the names that they are published under.</summary>
/// <param name="paths">Where artifacts are.</param>
/// <param name="plan">The job's plan.</param>
/// <param name="partitions">Committed partitions of its last stage, in order.</param>
internal sealed class CommittedFiles(ClusterPaths paths, JobPlan plan, IReadOnlyList<PartitionRecord> partitions)
{
    /// <summary>All of them, in order; rows that were set aside are no part of a result.</summary>
    public IReadOnlyList<CommittedFile> All { get; } =
    [
        .. from partition in partitions
           let producer = new AttemptId(partition.Task, partition.Attempt)
           from item in partition.Manifest!.Files.Where(file => !file.IsQuarantine).Select((file, index) => (file, index))
           let relative = ArtifactPath.Of(partition, item.file)
           select new CommittedFile(
               producer, item.file, relative, paths.Artifact(relative), Name(producer, item.file.Path, item.index)),
    ];

    /// <summary>The result when files are under some names.</summary>
    /// <exception cref="ClusterException"><c>internal</c>: rows or names do not add up.</exception>
    public JobResult ResultOf(Func<CommittedFile, string> name)
    {
        ResultFile[] files =
            [.. All.Select(item => new ResultFile(name(item), item.File.Rows, item.File.Bytes, item.File.Sha256))];
        var committed = partitions.Sum(partition => partition.Manifest!.RowsOut);
        if (files.Sum(file => file.Rows) != committed || files.DistinctBy(file => file.Path).Count() != files.Length)
        {
            throw new ClusterException(
                Contracts.ProblemCode.Internal,
                $"Rows do not add up: {committed} rows were committed, but {files.Length} files with "
                + $"{files.Sum(file => file.Rows)} rows would be published.");
        }

        return new JobResult(
            files.Sum(file => file.Rows), files.Sum(file => file.Bytes), ResultColumns.Of(plan, partitions), files);
    }

    // A file of a partitioned output keeps its key=value folders, and no other that its writer has put it into.
    private static string Name(AttemptId producer, string path, int index) => OutputNames.Part(
        producer, index, string.Concat(Path.GetFileName(path).SkipWhile(character => character != '.')),
        string.Join('/', path.Split('/')[..^1].SkipWhile(folder => !folder.Contains('=', StringComparison.Ordinal))));
}

/// <summary>A committed file of a result.</summary>
/// <param name="Producer">Whose output it is.</param>
/// <param name="File">What was committed.</param>
/// <param name="Relative">Its name in the artifact store.</param>
/// <param name="Path">Its absolute path, or its address.</param>
/// <param name="Name">Its name in an output, with <c>key=value</c> folders.</param>
internal sealed record CommittedFile(AttemptId Producer, ArtifactFile File, string Relative, string Path, string Name);
