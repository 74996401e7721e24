using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>The artifact store in a folder, which all machines share. Executors write into it.</summary>
internal sealed partial class ArtifactFolders(ClusterPaths paths, ILogger<ArtifactFolders>? logger = null) : IArtifactFiles
{
    private const int LevelsBelowJob = 3;

    private readonly ILogger log = logger ?? NullLogger<ArtifactFolders>.Instance;

    public bool IsWrittenInPlace => true;

    public string WritingFolder(AttemptId attempt) => Absolute(ArtifactPath.Of(attempt));

    public Task Keep(AttemptId attempt, TaskManifest written, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task Discard(AttemptId attempt, bool wasKept)
    {
        var folder = WritingFolder(attempt);
        try
        {
            if (Directory.Exists(folder))
            {
                await Task.Run(() => Directory.Delete(folder, recursive: true));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The janitor sweeps what nobody names.
            Log.NotDiscarded(log, folder, exception.Message);
        }
    }

    public Task<IReadOnlyList<AttemptId>> FindMissing(
        IReadOnlyCollection<ArtifactRef> files, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AttemptId>>(
            [.. files.Where(file => !File.Exists(file.Path)).Select(file => file.Producer).Distinct()]);

    public Task<IReadOnlyList<JobId>> ListJobs(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<JobId>>(
        Directory.Exists(paths.Artifacts)
            ? [.. Directory.EnumerateDirectories(paths.Artifacts)
                .Select(Path.GetFileName).Where(IsJob).Select(name => JobId.Parse(name!)).Order()]
            : []);

    public Task<IReadOnlyList<string>> ListAttempts(JobId job, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>(Attempts(job));

    public Task<DateTimeOffset> FindLastChange(JobId job, CancellationToken cancellationToken) => Task.FromResult(
        Attempts(job).Prepend(job.Value)
            .Max(folder => new DateTimeOffset(Directory.GetLastWriteTimeUtc(Absolute(folder)), TimeSpan.Zero)));

    public Task Delete(JobId job, CancellationToken cancellationToken) => Delete(job.Value, cancellationToken);

    public Task Delete(string folder, CancellationToken cancellationToken)
    {
        try
        {
            Directory.Delete(Absolute(folder), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody else removed it first.
        }

        return Task.CompletedTask;
    }

    public Task<int> DeleteFilesExcept(JobId job, IReadOnlySet<string> keep, CancellationToken cancellationToken)
    {
        var root = Absolute(job.Value);
        var removed = 0;
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).ToList())
        {
            if (!keep.Contains(Relative(file)))
            {
                File.Delete(file);
                removed++;
            }
        }

        foreach (var folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories)
            .OrderByDescending(name => name.Length).ToList())
        {
            DeleteIfEmpty(folder);
        }

        DeleteIfEmpty(root);
        return Task.FromResult(removed);
    }

    public Task<byte[]?> ReadMark(CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<byte[]?>(File.ReadAllBytes(Absolute(StoreMark.FileName)));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<byte[]?>(null);
        }
    }

    public Task<bool> WriteMark(ReadOnlyMemory<byte> mark, bool isNew, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(paths.Artifacts);
        var path = Absolute(StoreMark.FileName);
        var hidden = $"{path}.{Guid.NewGuid():N}.tmp";
        using (var stream = new FileStream(hidden, FileMode.CreateNew, FileAccess.Write))
        {
            stream.Write(mark.Span);
            stream.Flush(flushToDisk: true);
        }

        var isWritten = true;
        if (!isNew)
        {
            File.Move(hidden, path, overwrite: true);
        }
        else if (!NoReplaceMove.TryMove(hidden, path))
        {
            File.Delete(hidden);
            isWritten = false;
        }

        FolderSync.Sync(paths.Artifacts);
        return Task.FromResult(isWritten);
    }

    public string? FindWriteFault() =>
        OutputPlace.MayWrite(paths.Artifacts) ? null : $"The artifact store {paths.Artifacts} cannot be written to.";

    private static bool IsJob(string? name) => JobId.TryParse(name, null, out var id) && id.Value == name;

    private static IEnumerable<string> Children(string folder)
    {
        try
        {
            return Directory.GetDirectories(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return []; // Gone since its parent was read.
        }
    }

    private static void DeleteIfEmpty(string folder)
    {
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }

    private List<string> Attempts(JobId job)
    {
        IEnumerable<string> folders = [Absolute(job.Value)];
        for (var level = 0; level < LevelsBelowJob; level++)
        {
            folders = [.. folders.SelectMany(Children)];
        }

        return [.. folders.Select(Relative).Order(StringComparer.Ordinal)];
    }

    private string Absolute(string folder) => Path.Combine(paths.Artifacts, folder);

    private string Relative(string path) => Path.GetRelativePath(paths.Artifacts, path).Replace(Path.DirectorySeparatorChar, '/');

    private static partial class Log
    {
        [LoggerMessage(EventId = 324, Level = LogLevel.Warning, Message = "The folder {Folder} could not be removed: {Message}")]
        public static partial void NotDiscarded(ILogger logger, string folder, string message);
    }
}
