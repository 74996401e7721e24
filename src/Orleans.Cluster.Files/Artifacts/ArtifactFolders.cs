using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// Folders of the artifact store: <c>{job}/{stage}/{partition}/{attempt}/</c>, named relative to the store, with slashes. What is
/// deleted may be gone already or change meanwhile: other processes write, and another janitor may sweep at the same time.
/// </summary>
internal sealed class ArtifactFolders(ClusterPaths paths) : IArtifactStore
{
    private const int LevelsBelowJob = 3;

    /// <summary>Jobs that have a folder. Names that are no job ids are somebody else's and left alone.</summary>
    public IReadOnlyList<JobId> ListJobs() => Directory.Exists(paths.Artifacts)
        ? [.. Directory.EnumerateDirectories(paths.Artifacts)
            .Select(Path.GetFileName).Where(IsJob).Select(name => JobId.Parse(name!)).Order()]
        : [];

    /// <summary>Attempt folders of a job.</summary>
    public IReadOnlyList<string> ListAttempts(JobId job)
    {
        IEnumerable<string> folders = [Absolute(job.Value)];
        for (var level = 0; level < LevelsBelowJob; level++)
        {
            folders = [.. folders.SelectMany(Children)];
        }

        return [.. folders.Select(Relative).Order(StringComparer.Ordinal)];
    }

    /// <summary>When the job's folder or one of its attempts last changed.</summary>
    public DateTimeOffset LastChange(JobId job) => ListAttempts(job).Prepend(job.Value)
        .Max(folder => new DateTimeOffset(Directory.GetLastWriteTimeUtc(Absolute(folder)), TimeSpan.Zero));

    /// <inheritdoc/>
    public void Delete(JobId job) => Delete(job.Value);

    /// <summary>
    /// Removes the attempts of a job that was cancelled. They are listed first and the job is looked at then: a retry numbers its
    /// attempts on and makes their folders after it is stored, so that none of them is on the list.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="isCancelled">Whether it is so still.</param>
    public async Task DropCancelled(JobId job, Func<Task<bool>> isCancelled)
    {
        var present = ListAttempts(job);
        if (present.Count > 0 && await isCancelled())
        {
            foreach (var folder in present)
            {
                Delete(folder);
            }
        }
    }

    /// <summary>Removes one folder with all that is in it.</summary>
    public void Delete(string folder)
    {
        try
        {
            Directory.Delete(Absolute(folder), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody else removed it first.
        }
    }

    /// <summary>Removes each file of a job that is not in the list, and folders that are empty then.</summary>
    /// <returns>Number of files removed.</returns>
    public int DeleteFilesExcept(JobId job, IReadOnlySet<string> keep)
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
        return removed;
    }

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

    private string Absolute(string folder) => Path.Combine(paths.Artifacts, folder);

    private string Relative(string path) => Path.GetRelativePath(paths.Artifacts, path).Replace(Path.DirectorySeparatorChar, '/');
}
