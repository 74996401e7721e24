using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Publishes into folders. A job without <c>output</c> keeps its files where they are. Otherwise:
/// 1. each file is copied into the output folder under a hidden name, and its hash is compared with what was committed;
/// 2. OVERWRITE notes the files that it will remove;
/// 3. the job's row is asked once more, since this process may have stood still for long;
/// 4. the files get their names, which carry job, partition and attempt, and then the manifest of the job is written, without
/// replacing one, and
///    makes the files count: the job has succeeded;
/// 5. what OVERWRITE has noted is removed, and what killed publishers left; what cannot be removed is tried again beside the job.
/// Each step can be done again: names are the same every time and what is there already is left.
/// </summary>
internal sealed partial class OutputPublisher(
    ClusterPaths paths, DataRoots roots, IOptions<ClusterSettings> settings, TimeProvider clock, ILogger<OutputPublisher> logger)
    : IOutputPublisher
{
    // The old output is in the way of readers, so it is tried soon; a disk that refuses for an hour needs somebody who looks
    // after it.
    private static readonly TimeSpan FirstTidyPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TidyPatience = TimeSpan.FromHours(1);
    private readonly PublishedModes modes = PublishedModes.Of(settings.Value);

    public Task<PublishedOutput?> Publish(
        JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken) =>
        Task.Run(
            () => job.Spec.Output is { } output
                ? TryPlace(job.State, output, plan, partitions, isWanted, cancellationToken)
                : TryKeep(plan, partitions, isWanted),
            cancellationToken);

    public Task Clear(JobRecord job, CancellationToken cancellationToken) => job.Spec.Output is not { } output
        ? Task.CompletedTask
        : Task.Run(
            () =>
            {
                try
                {
                    var path = roots.ResolveOutput(output.Path, "/output/path");
                    if (Directory.Exists(path))
                    {
                        using var folder = Open(path, job.State);
                        folder.Clear();
                    }
                }
                catch (ClusterException refusal)
                {
                    Log.NotCleared(logger, job.State.Id, refusal.Message); // No folder of a job any more: nothing of it is there.
                }
            },
            cancellationToken);

    private async Task<PublishedOutput?> TryKeep(
        JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted)
    {
        var result = Keep(plan, partitions);
        return await isWanted() ? new PublishedOutput(result, []) : null;
    }

    private JobResult Keep(JobPlan plan, IReadOnlyList<PartitionRecord> partitions)
    {
        foreach (var (partition, file, _) in Files(partitions))
        {
            var artifact = new FileInfo(Artifact(partition, file));
            if (!artifact.Exists || artifact.Length != file.Bytes)
            {
                var producer = Producer(partition);
                throw new ArtifactLostException(
                    producer,
                    $"{producer}: artifact {artifact.FullName} is gone, or has not the {file.Bytes} bytes that were committed.");
            }
        }

        return Result(plan, partitions, Files(partitions)
            .Select(item =>
                new ResultFile(ArtifactPath.Of(item.Partition, item.File), item.File.Rows, item.File.Bytes, item.File.Sha256)));
    }

    private async Task<PublishedOutput?> TryPlace(
        JobState job, OutputSpec output, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken)
    {
        var path = roots.ResolveOutput(output.Path, "/output/path");
        OutputPlace.Check(path, output.Path);
        try
        {
            return await Place(job, path, output, plan, partitions, isWanted, cancellationToken);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputNotWritable, $"{output.Path} cannot be written: {exception.Message}",
                "Give the user that the silos run as the right to write there, then /retry.");
        }
    }

    private async Task<PublishedOutput?> Place(
        JobState job, string path, OutputSpec output, JobPlan plan, IReadOnlyList<PartitionRecord> partitions,
        Func<Task<bool>> isWanted,
        CancellationToken cancellationToken)
    {
        HeldFolder.MakePath(path, roots.Rules, modes.Folder);
        using var folder = Open(path, job);
        var result = Result(plan, partitions, Files(partitions).Select(item =>
            new ResultFile(Name(item.Partition, item.File.Path, item.Index), item.File.Rows, item.File.Bytes, item.File.Sha256)));
        if (folder.Holds(result))
        {
            return await isWanted() ? Finish(path, job, output, folder, result, []) : null;
        }

        var others = folder.Others();
        if (output.Mode == OutputMode.ErrorIfExists)
        {
            OutputPlace.ThrowIfTaken(path, output, job.Id);
        }

        foreach (var (partition, file, index) in Files(partitions))
        {
            cancellationToken.ThrowIfCancellationRequested();
            folder.Copy(Producer(partition), Artifact(partition, file), file, Name(partition, file.Path, index),
                cancellationToken);
        }

        var staying = output.Mode == OutputMode.Overwrite && others.Count > 0 ? folder.NoteReplaced(others) : [];

        // Between this and the manifest a process may stand still all the same; but no longer than a rename takes, in all
        // likelihood.
        if (!await isWanted())
        {
            return null;
        }

        if (folder.HasManifest && !folder.Holds(result))
        {
            folder.Withdraw();
        }

        folder.Publish(result);
        return Finish(path, job, output, folder, result, [.. staying.Select(what => $"OVERWRITE has kept {what}.")]);
    }

    // The job has succeeded by now, and nothing here can change that.
    private PublishedOutput Finish(
        string path, JobState job, OutputSpec output, OutputFolder folder, JobResult published,
        IReadOnlyList<string> notes)
    {
        foreach (var note in notes)
        {
            Log.Kept(logger, note);
        }

        // The folder's own list of its files says nothing of where it is.
        var told = published with { Path = output.Path };
        return TryTidy(path, job, folder, published) is not { } refusal
            ? new PublishedOutput(told, notes)
            : new PublishedOutput(
                told, [.. notes, $"The earlier output could not be removed yet, and is tried again: {refusal}"]);
    }

    private string? TryTidy(string path, JobState job, OutputFolder folder, JobResult published)
    {
        try
        {
            folder.RemoveReplaced();
            folder.RemoveLeftovers(published);
            return null;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            Log.NotTidied(logger, exception.Message);
            TidyLater(path, job, published).ContinueWith(
                task => Log.TidyingBroke(logger, task.Exception), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
            return exception.Message;
        }
    }

    private async Task TidyLater(string path, JobState job, JobResult published)
    {
        var begun = clock.GetTimestamp();
        for (var pause = FirstTidyPause; clock.GetElapsedTime(begun) < TidyPatience; pause *= 2)
        {
            await Task.Delay(pause, clock);
            try
            {
                using var folder = Open(path, job);
                folder.RemoveReplaced();
                folder.RemoveLeftovers(published);
                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Log.NotTidied(logger, exception.Message);
            }
        }
    }

    private OutputFolder Open(string path, JobState job) => new(path, roots.RootOf(path), job.Id, job.Epoch, modes, roots.Rules);

    private static IEnumerable<(PartitionRecord Partition, ArtifactFile File, int Index)> Files(
        IReadOnlyList<PartitionRecord> partitions) =>
        from partition in partitions
        from item in partition.Manifest!.Files.Where(file => !file.IsQuarantine).Select((file, index) => (file, index))
        select (partition, item.file, item.index);

    private string Artifact(PartitionRecord partition, ArtifactFile file) => paths.Artifact(ArtifactPath.Of(partition, file));

    private static AttemptId Producer(PartitionRecord partition) => new(partition.Task, partition.Attempt);

    // A file of a partitioned output keeps its key=value folders.
    private static string Name(PartitionRecord partition, string path, int index) => OutputNames.Part(
        Producer(partition), index, string.Concat(Path.GetFileName(path).SkipWhile(character => character != '.')),
        Path.GetDirectoryName(path));

    private static JobResult Result(JobPlan plan, IReadOnlyList<PartitionRecord> partitions, IEnumerable<ResultFile> files)
    {
        ResultFile[] all = [.. files];
        var committed = partitions.Sum(partition => partition.Manifest!.RowsOut);
        if (all.Sum(file => file.Rows) != committed || all.DistinctBy(file => file.Path).Count() != all.Length)
        {
            throw new ClusterException(
                Contracts.ProblemCode.Internal,
                $"Rows do not add up: {committed} rows were committed, but {all.Length} files with {all.Sum(file => file.Rows)} "
                + "rows would be published.");
        }

        return new JobResult(all.Sum(file => file.Rows), all.Sum(file => file.Bytes), ResultColumns.Of(plan, partitions), all);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 410, Level = LogLevel.Warning, Message = "{Note}")]
        public static partial void Kept(ILogger logger, string note);

        [LoggerMessage(EventId = 411, Level = LogLevel.Warning,
            Message = "An output is published, but what it replaces could not be removed yet: {Message}")]
        public static partial void NotTidied(ILogger logger, string message);

        [LoggerMessage(EventId = 413, Level = LogLevel.Warning,
            Message = "The output folder of job {JobId} was not cleared: {Message}")]
        public static partial void NotCleared(ILogger logger, JobId jobId, string message);

        [LoggerMessage(EventId = 412, Level = LogLevel.Error, Message = "Removing a replaced output ended unexpectedly.")]
        public static partial void TidyingBroke(ILogger logger, Exception? exception);
    }
}
