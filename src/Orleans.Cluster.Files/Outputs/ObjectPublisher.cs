using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Publishes into an object store:
/// 1. each file is written as an object whose name carries job, partition and attempt; its hash is compared before with what was
/// committed. Nobody counts it yet: what is in an output is what manifests name;
/// 2. OVERWRITE notes the objects that it will remove;
/// 3. the job's row is asked once more, since this process may have stood still for long;
/// 4. the manifest of the job is created, which replaces none, and makes the objects count: the job has succeeded. Where a store
/// ignores the condition, the job's row has let one publisher come this far;
/// 5. what OVERWRITE has noted is removed, and what killed publishers left; what cannot be removed is tried again beside the job.
/// Each step can be done again, as in folders.
/// </summary>
internal sealed partial class ObjectPublisher(
    DataRoots roots, IObjectStore store, StoredFiles stored, ClusterPaths paths, TimeProvider clock,
    ILogger<ObjectPublisher> logger)
{
    private const int FilesInFlight = 4;
    private const int BufferBytes = 1 << 20;

    private readonly OutputTidying tidying = new(clock, logger);

    /// <inheritdoc cref="IOutputPublisher.Publish"/>
    public async Task<PublishedOutput?> Publish(
        JobState job, OutputSpec output, S3Path place, CommittedFiles files, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken)
    {
        try
        {
            return await Place(job, output, place, files, isWanted, cancellationToken);
        }
        catch (ObjectStoreException fault) when (fault.Fault != ObjectStoreFault.Away)
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputNotWritable, $"{output.Path} cannot be written: {fault.Message}",
                "Give the cluster's credentials the right to list, read, write and delete there, then /retry.", inner: fault);
        }
    }

    /// <inheritdoc cref="IOutputPublisher.Clear"/>
    public async Task Clear(JobState job, OutputSpec output, CancellationToken cancellationToken)
    {
        try
        {
            if (S3Path.TryParse(roots.ResolveOutput(output.Path, "/output/path"), out var place))
            {
                await Open(place, job).Clear(cancellationToken);
            }
        }
        catch (ClusterException refusal)
        {
            Log.NotCleared(logger, job.Id, refusal.Message); // No place of a job any more: nothing of it is there.
        }
    }

    private async Task<PublishedOutput?> Place(
        JobState job, OutputSpec output, S3Path place, CommittedFiles files, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken)
    {
        var target = Open(place, job);
        var result = files.ResultOf(item => item.Name);
        if (await target.Holds(result, cancellationToken))
        {
            return await isWanted() ? await Finish(place, job, output, result, []) : null;
        }

        var others = await target.FindOthers(output.Mode == OutputMode.ErrorIfExists ? output : null, cancellationToken);
        var flight = new ParallelOptions { MaxDegreeOfParallelism = FilesInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(files.All, flight, (item, token) => Copy(target, item, token));
        var staying = output.Mode == OutputMode.Overwrite && others.Count > 0
            ? await target.NoteReplaced(others, cancellationToken) : [];

        // Between this and the manifest a process may stand still all the same, while another ends the job, and a retry of it
        // succeeds.
        var stale = await target.SeeManifest(cancellationToken);
        if (!await isWanted())
        {
            return null;
        }

        await target.Publish(result, stale);
        return await Finish(place, job, output, result, [.. staying.Select(what => $"OVERWRITE has kept {what}.")]);
    }

    private Task<PublishedOutput> Finish(
        S3Path place, JobState job, OutputSpec output, JobResult published, IReadOnlyList<string> notes)
    {
        return tidying.Finish(published with { Path = output.Path }, notes, Tidy, Tidy);

        async Task Tidy()
        {
            var target = Open(place, job);
            await target.RemoveReplaced();
            await target.RemoveLeftovers(published);
        }
    }

    private ObjectOutput Open(S3Path place, JobState job) => new(store, stored, place, job.Id, job.Epoch, clock);

    // An artifact that the disk or the store has changed since must not become a user's data.
    private async ValueTask Copy(ObjectOutput target, CommittedFile item, CancellationToken cancellationToken)
    {
        if (await target.HasWhole(item, cancellationToken))
        {
            return;
        }

        if (!ObjectGrant.IsObject(item.Path))
        {
            await Bring(item, Stream.Null, cancellationToken);
            await target.Write(item, item.Path, cancellationToken);
            return;
        }

        var local = Path.Combine(
            paths.Scratch, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), $"publish-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path.GetDirectoryName(local)!);
        try
        {
            await using (var copy = new FileStream(local, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                await Bring(item, copy, cancellationToken);
            }

            await target.Write(item, local, cancellationToken);
        }
        finally
        {
            File.Delete(local);
        }
    }

    private async Task Bring(CommittedFile item, Stream copy, CancellationToken cancellationToken)
    {
        await using var source = await stored.Open(item.Path, cancellationToken)
            ?? throw new ArtifactLostException(item.Producer, $"{item.Producer}: artifact {item.Path} is gone.");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        while (await source.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            hash.AppendData(buffer, 0, count);
            await copy.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != item.File.Sha256)
        {
            throw new ArtifactLostException(
                item.Producer, $"{item.Producer}: artifact {item.Path} has another content than was committed.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 414, Level = LogLevel.Warning, Message = "The output of job {JobId} was not cleared: {Message}")]
        public static partial void NotCleared(ILogger logger, JobId jobId, string message);
    }
}
