using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>Folders that an attempt writes in: of the artifact store, and of this machine's scratch disk.</summary>
internal sealed partial class AttemptFolders(ClusterPaths paths, IArtifactStore store, ILogger<AttemptFolders> logger)
{
    /// <summary>Whether what an attempt writes is in the artifact store by that.</summary>
    public bool AreInStore => store.IsWrittenInPlace;

    /// <summary>The absolute path, or the address, of what lies in the artifact store.</summary>
    public string Locate(string relative) => paths.Artifact(relative);

    /// <summary>Where an attempt writes its output.</summary>
    public string Artifact(AttemptId attempt) => store.WritingFolder(attempt);

    /// <summary>Puts what an attempt has written into the artifact store, where it is not there by that.</summary>
    /// <exception cref="IOException">The store refused, or was away for too long.</exception>
    public async Task Keep(RunningAttempt attempt, TaskManifest written)
    {
        if (!store.IsWrittenInPlace)
        {
            using var span = JobTrace.StartPart("upload");
            attempt.WasKept = true;
            await store.Keep(attempt.Id, written, attempt.Cancelled);
        }
    }

    /// <inheritdoc cref="IArtifactStore.FindMissing"/>
    public Task<IReadOnlyList<AttemptId>> FindMissing(
        IReadOnlyCollection<ArtifactRef> files, CancellationToken cancellationToken) =>
        store.FindMissing(files, cancellationToken);

    /// <summary>Local folder of an attempt on this worker, emptied when it ends.</summary>
    public string Scratch(AttemptId attempt) =>
        Path.Combine(
            paths.Scratch, Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            ArtifactPath.Of(attempt).Replace('/', '-'));

    /// <summary>
    /// Removes what an attempt wrote that does not count. An executor that was killed leaves its spilled data behind.
    /// </summary>
    public async Task Discard(AttemptId attempt, bool wasKept)
    {
        await store.Discard(attempt, wasKept);
        var folder = Scratch(attempt);
        try
        {
            if (Directory.Exists(folder))
            {
                await Task.Run(() => Directory.Delete(folder, recursive: true));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It goes with the folder of this process.
            Log.NotDiscarded(logger, folder, exception.Message);
        }
    }

    /// <summary>What a process that is gone had spilled for an attempt, in bytes.</summary>
    public long SpilledBytes(AttemptId attempt) => BytesIn(Scratch(attempt));

    /// <summary>Removes what an executor that is gone kept beside the scratch folders of its tasks.</summary>
    /// <returns>The bytes that were there.</returns>
    public long RemoveEngines(int executor)
    {
        var bytes = 0L;
        var home = Path.Combine(paths.Scratch, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        var engines = Directory.Exists(home) ? Directory.GetDirectories(home, $"{TaskSpec.EngineFolderPrefix(executor)}*") : [];
        foreach (var folder in engines)
        {
            try
            {
                bytes += BytesIn(folder);
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It goes with the folder of this process.
                Log.NotDiscarded(logger, folder, exception.Message);
            }
        }

        return bytes;
    }

    private static long BytesIn(string folder) => Directory.Exists(folder)
        ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
        : 0;

    private static partial class Log
    {
        [LoggerMessage(EventId = 324, Level = LogLevel.Warning, Message = "The folder {Folder} could not be removed: {Message}")]
        public static partial void NotDiscarded(ILogger logger, string folder, string message);
    }
}
