using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Publishes into folders:
/// 1. each file is copied into the output folder under a hidden name, four at a time, and its hash is compared with what was
/// committed; on the file system of the artifacts it gets that name instead, if it is as it was at its commit;
/// 2. OVERWRITE notes the files that it will remove;
/// 3. the job's row is asked once more, since this process may have stood still for long;
/// 4. the files get their names, which carry job, partition and attempt, and then the manifest of the job is written, without
/// replacing one, and makes the files count: the job has succeeded;
/// 5. what OVERWRITE has noted is removed, and what killed publishers left; what cannot be removed is tried again beside the job.
/// Each step can be done again: names are the same every time and what is there already is left.
/// </summary>
internal sealed partial class FolderPublisher(
    DataRoots roots, StoredFiles stored, IOptions<ClusterSettings> settings, TimeProvider clock, ILogger<FolderPublisher> logger)
{
    private const int CopiesInFlight = 4;
    private readonly PublishedModes modes = PublishedModes.Of(settings.Value);
    private readonly OutputTidying tidying = new(clock, logger);

    /// <inheritdoc cref="IOutputPublisher.Publish"/>
    public async Task<PublishedOutput?> Publish(
        JobState job, OutputSpec output, string path, CommittedFiles files, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken)
    {
        OutputPlace.Check(path, output.Path);
        try
        {
            return await Place(job, path, output, files, isWanted, cancellationToken);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputNotWritable, $"{output.Path} cannot be written: {exception.Message}",
                "Give the user that the silos run as the right to write there, then /retry.");
        }
    }

    /// <inheritdoc cref="IOutputPublisher.Clear"/>
    public Task Clear(JobState job, OutputSpec output)
    {
        try
        {
            var path = roots.ResolveOutput(output.Path, "/output/path");
            if (Directory.Exists(path))
            {
                using var folder = Open(path, job);
                folder.Clear();
            }
        }
        catch (ClusterException refusal)
        {
            Log.NotCleared(logger, job.Id, refusal.Message); // No folder of a job any more: nothing of it is there.
        }

        return Task.CompletedTask;
    }

    private async Task<PublishedOutput?> Place(
        JobState job, string path, OutputSpec output, CommittedFiles files, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken)
    {
        HeldFolder.MakePath(path, roots.Rules, modes.Folder);
        using var folder = Open(path, job);
        var result = files.ResultOf(item => item.Name);
        if (folder.Holds(result))
        {
            return await isWanted() ? await Finish(path, job, output, folder, files, result, []) : null;
        }

        var others = folder.Others();
        if (output.Mode == OutputMode.ErrorIfExists)
        {
            OutputPlace.ThrowIfTaken(path, output, job.Id);
        }

        var flight = new ParallelOptions { MaxDegreeOfParallelism = CopiesInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(files.All, flight, (item, token) =>
        {
            folder.Copy(item, () => stored.Open(item.Path, token).GetAwaiter().GetResult(), token);
            return ValueTask.CompletedTask;
        });

        var staying = output.Mode == OutputMode.Overwrite && others.Count > 0 ? folder.NoteReplaced(others) : [];

        // Between this and the manifest a process may stand still all the same, while another ends the job, and a retry of it
        // succeeds.
        var stale = folder.SeeManifest();
        if (!await isWanted())
        {
            return null;
        }

        if (!folder.Holds(result))
        {
            folder.Withdraw(stale);
        }

        folder.Publish(result);
        return await Finish(path, job, output, folder, files, result, [.. staying.Select(what => $"OVERWRITE has kept {what}.")]);
    }

    private Task<PublishedOutput> Finish(
        string path, JobState job, OutputSpec output, OutputFolder folder, CommittedFiles files, JobResult published,
        IReadOnlyList<string> notes) =>
        tidying.Finish(
            // The folder's own list of its files says nothing of where it is.
            published with { Path = output.Path }, notes, () => Tidy(folder, files, published),
            () =>
            {
                using var again = Open(path, job);
                return Tidy(again, files, published);
            });

    private static Task Tidy(OutputFolder folder, CommittedFiles files, JobResult published)
    {
        folder.RemoveReplaced();
        folder.RemoveLeftovers(published);
        folder.Unlink(files.All);
        return Task.CompletedTask;
    }

    private OutputFolder Open(string path, JobState job) => new(path, roots.RootOf(path), job.Id, job.Epoch, modes, roots.Rules);

    private static partial class Log
    {
        [LoggerMessage(EventId = 413, Level = LogLevel.Warning,
            Message = "The output folder of job {JobId} was not cleared: {Message}")]
        public static partial void NotCleared(ILogger logger, JobId jobId, string message);
    }
}
