using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// The artifact store in an object store. Executors, which have no credentials, write into scratch of this machine; the worker
/// uploads from there before it commits. Names are as in folders, so that an attempt's can be told by its prefix.
/// </summary>
internal sealed partial class ObjectArtifacts(
    ClusterPaths paths, IObjectStore store, StoredFiles files, TimeProvider clock, ILogger<ObjectArtifacts> logger)
    : IArtifactFiles
{
    private const int PartsOfAttempt = 4;
    private const int CallsInFlight = 16;

    // Of an exchange they are many and small. How much is on its way at a time is bounded for the process.
    private const int FilesInFlight = 16;

    // As for the database: a store that is away longer has cost the attempt its lease.
    private static readonly TimeSpan StorePatience = TimeSpan.FromMinutes(10);

    // Who cancels a job waits for it, and the janitor comes anyway.
    private static readonly TimeSpan RemoveWithin = TimeSpan.FromSeconds(10);

    private readonly S3Path root = S3Path.TryParse(paths.Artifacts, out var place)
        ? place : throw new ArgumentException($"{paths.Artifacts} is not in an object store.", nameof(paths));

    private bool hasSaidThatUploadsAreNotListed;

    public bool IsWrittenInPlace => false;

    public string WritingFolder(AttemptId attempt) => Path.Combine(
        paths.Scratch, Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        $"{ArtifactPath.Of(attempt).Replace('/', '-')}-written");

    public async Task Keep(AttemptId attempt, TaskManifest written, CancellationToken cancellationToken)
    {
        var folder = WritingFolder(attempt);
        var name = ArtifactPath.Of(attempt);
        var flight = new ParallelOptions { MaxDegreeOfParallelism = FilesInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(written.Files, flight, (file, token) =>
            Upload(root.Below($"{name}/{file.Path}"), Path.Combine(folder, file.Path), file.Sha256, token));
        Directory.Delete(folder, recursive: true);
    }

    public async Task Discard(AttemptId attempt, bool wasKept)
    {
        var folder = WritingFolder(attempt);
        try
        {
            if (Directory.Exists(folder))
            {
                await Task.Run(() => Directory.Delete(folder, recursive: true));
            }

            if (wasKept)
            {
                using var timer = new CancellationTokenSource(RemoveWithin);
                await Delete(ArtifactPath.Of(attempt), timer.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            // The janitor sweeps what nobody names.
            Log.NotRemoved(logger, ArtifactPath.Of(attempt), exception.Message);
        }
    }

    public async Task<IReadOnlyList<AttemptId>> FindMissing(
        IReadOnlyCollection<ArtifactRef> refs, CancellationToken cancellationToken)
    {
        var stamps = await files.Look([.. refs.Select(file => file.Path)], cancellationToken);
        return [.. refs.Zip(stamps).Where(pair => pair.Second is null).Select(pair => pair.First.Producer).Distinct()];
    }

    public async Task<IReadOnlyList<JobId>> ListJobs(CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var name in store.ListFolders(root, cancellationToken))
        {
            names.Add(name);
        }

        names.UnionWith((await Uploads("", cancellationToken)).Select(upload => root.NameOf(upload.Path).Split('/')[0]));
        return
        [
            .. names.Where(name => JobId.TryParse(name, null, out var id) && id.Value == name)
                .Select(name => JobId.Parse(name)).Order(),
        ];
    }

    public async Task<IReadOnlyList<string>> ListAttempts(JobId job, CancellationToken cancellationToken)
    {
        var attempts = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var item in store.List(root.Below($"{job}/"), cancellationToken))
        {
            Add(item.Path);
        }

        foreach (var upload in await Uploads($"{job}/", cancellationToken))
        {
            Add(upload.Path);
        }

        return [.. attempts];

        void Add(S3Path path)
        {
            var parts = root.NameOf(path).Split('/');
            if (parts.Length > PartsOfAttempt)
            {
                attempts.Add(string.Join('/', parts[..PartsOfAttempt]));
            }
        }
    }

    public async Task<DateTimeOffset> FindLastChange(JobId job, CancellationToken cancellationToken)
    {
        var last = DateTimeOffset.MinValue;
        await foreach (var item in store.List(root.Below($"{job}/"), cancellationToken))
        {
            last = item.ModifiedAt > last ? item.ModifiedAt : last;
        }

        return (await Uploads($"{job}/", cancellationToken)).Select(upload => upload.StartedAt).Append(last).Max();
    }

    public async Task Delete(JobId job, CancellationToken cancellationToken)
    {
        try
        {
            using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timer.CancelAfter(RemoveWithin);
            await Delete(job.Value, timer.Token);
        }
        catch (Exception exception) when (exception is ObjectStoreException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The job is gone, and the janitor removes what it left.
            Log.NotRemoved(logger, job.Value, exception.Message);
        }
    }

    // Uploads first: one that is completed meanwhile is an object then.
    public async Task Delete(string folder, CancellationToken cancellationToken)
    {
        await AbortUploads(folder, cancellationToken);
        await Remove(folder, _ => true, cancellationToken);
    }

    public async Task<int> DeleteFilesExcept(JobId job, IReadOnlySet<string> keep, CancellationToken cancellationToken)
    {
        await AbortUploads(job.Value, cancellationToken);
        return await Remove(job.Value, name => !keep.Contains(name), cancellationToken);
    }

    public async Task<byte[]?> ReadMark(CancellationToken cancellationToken)
    {
        await using var stream = await store.Open(root.Below(StoreMark.FileName), cancellationToken);
        if (stream is null)
        {
            return null;
        }

        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }

    public async Task<bool> WriteMark(ReadOnlyMemory<byte> mark, bool isNew, CancellationToken cancellationToken)
    {
        if (isNew)
        {
            return await store.Create(root.Below(StoreMark.FileName), mark, cancellationToken);
        }

        await store.Write(root.Below(StoreMark.FileName), mark, cancellationToken);
        return true;
    }

    // An object store says so when it is written to.
    public string? FindWriteFault() => null;

    private async ValueTask Upload(S3Path path, string file, string sha256, CancellationToken cancellationToken)
    {
        var begun = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await store.Write(path, file, sha256, cancellationToken);
                return;
            }
            catch (ObjectStoreException fault)
                when (fault.Fault == ObjectStoreFault.Away && clock.GetElapsedTime(begun) < StorePatience)
            {
                Log.StoreAway(logger, path, fault.Message);
            }
        }
    }

    private async Task<int> Remove(string folder, Func<string, bool> which, CancellationToken cancellationToken)
    {
        var removed = 0;
        var flight = new ParallelOptions { MaxDegreeOfParallelism = CallsInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(store.List(root.Below($"{folder}/"), cancellationToken), flight, async (item, token) =>
        {
            if (which(root.NameOf(item.Path)))
            {
                await store.Delete(item.Path, token);
                Interlocked.Increment(ref removed);
            }
        });
        return removed;
    }

    private async Task AbortUploads(string folder, CancellationToken cancellationToken)
    {
        foreach (var upload in await Uploads($"{folder}/", cancellationToken))
        {
            await store.Abort(upload, cancellationToken);
            Log.Aborted(logger, upload.Path);
        }
    }

    private async Task<IReadOnlyList<ObjectUpload>> Uploads(string start, CancellationToken cancellationToken)
    {
        var uploads = new List<ObjectUpload>();
        try
        {
            await foreach (var upload in store.ListUploads(root.Below(start), cancellationToken))
            {
                uploads.Add(upload);
            }
        }
        catch (ObjectStoreException fault) when (fault.Fault == ObjectStoreFault.Unsupported)
        {
            if (!hasSaidThatUploadsAreNotListed)
            {
                hasSaidThatUploadsAreNotListed = true;
                Log.NotListed(logger, fault.Message);
            }
        }

        return uploads;
    }

    private static partial class Log
    {
        [LoggerMessage(3530, LogLevel.Warning, "An attempt waits for the artifact store, to write {Path}: {Message}")]
        public static partial void StoreAway(ILogger logger, S3Path path, string message);

        [LoggerMessage(3531, LogLevel.Warning, "What is below {Name} in the artifact store could not be removed now: {Message}")]
        public static partial void NotRemoved(ILogger logger, string name, string message);

        [LoggerMessage(3532, LogLevel.Information, "An unfinished upload of {Path}, which nobody needs, is removed.")]
        public static partial void Aborted(ILogger logger, S3Path path);

        [LoggerMessage(
            3533, LogLevel.Warning,
            "The object store does not list unfinished uploads, so those of killed workers are not removed. A lifecycle rule "
            + "that aborts them after some days does it. {Message}")]
        public static partial void NotListed(ILogger logger, string message);
    }
}
