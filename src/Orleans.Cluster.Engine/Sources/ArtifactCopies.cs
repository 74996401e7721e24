using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Artifacts that are objects as files of this machine: an artifact is read whole, to compare its hash, so that it is brought
/// first and read as any other then.
/// </summary>
/// <param name="folder">Where the files are made; its owner removes it.</param>
/// <param name="quota">Bytes that they may take; null for any.</param>
internal sealed class ArtifactCopies(string folder, long? quota)
{
    private const int BufferBytes = 1 << 20;

    // A reader holds some pieces of a large object in memory, which is the task's; of small ones each costs a round trip.
    private const int ParallelReads = 4;
    private const int ParallelSmallReads = 16;
    private const long SmallBytes = 1 << 20;

    private readonly ConcurrentDictionary<string, string> locals = new(StringComparer.Ordinal);
    private long broughtBytes;

    /// <summary>The task with files of this machine in place of its objects of earlier stages.</summary>
    /// <exception cref="EngineException">One is lost, or they would take more than the quota.</exception>
    public TaskSpec Bring(TaskSpec task, CancellationToken cancellationToken)
    {
        Bring(task.Artifacts, cancellationToken);
        if (locals.IsEmpty)
        {
            return task;
        }

        // Inputs that share a scan still do: it is prepared once.
        var scans = task.Inputs.Select(input => input.Scan).OfType<ScanInput>()
            .Distinct<ScanInput>(ReferenceEqualityComparer.Instance)
            .ToDictionary<ScanInput, ScanInput, ScanInput>(
                scan => scan, scan => scan with { Slices = [.. scan.Slices.Select(Here)] }, ReferenceEqualityComparer.Instance);
        return task with
        {
            Inputs = [.. task.Inputs.Select(input => input with
            {
                Scan = input.Scan is { } scan ? scans[scan] : null,
                Exchange = input.Exchange is { } exchange
                    ? exchange with { Files = [.. exchange.Files.Select(Here)] } : null,
            })],
            ScratchBytes = task.ScratchBytes - broughtBytes,
        };
    }

    /// <summary>Brings all objects among some artifacts, several at a time.</summary>
    /// <exception cref="EngineException">As <see cref="Bring(TaskSpec, CancellationToken)"/>.</exception>
    public void Bring(IEnumerable<ArtifactRef> artifacts, CancellationToken cancellationToken)
    {
        var objects = artifacts.Where(file => ObjectGrant.IsObject(file.Path)).DistinctBy(file => file.Path).ToList();
        if (objects.Count == 0)
        {
            return;
        }

        broughtBytes = objects.Sum(file => file.Bytes);
        if (broughtBytes > quota)
        {
            throw new EngineException(
                FailureKind.OutOfDisk,
                $"The task reads {broughtBytes} bytes of earlier stages from the object store, and may hold {quota} on local "
                + "disk (Executor:ScratchBytesPerAttempt).");
        }

        Directory.CreateDirectory(folder);
        ParallelWork.Run(
            objects.Index(), item => Copy(item.Item, LocalOf(item.Index, item.Item), cancellationToken),
            objects.Max(file => file.Bytes) <= SmallBytes ? ParallelSmallReads : ParallelReads, cancellationToken);
    }

    /// <summary>The file for a path: its own for a file.</summary>
    public string LocalOf(string path) => locals.GetValueOrDefault(path, path);

    /// <summary>A failure that names objects instead of their copies.</summary>
    public AttemptFailure NameOrigins(AttemptFailure failure) => locals.IsEmpty ? failure : failure with
    {
        Message = locals.Aggregate(
            failure.Message, (named, pair) => named.Replace(pair.Value, pair.Key, StringComparison.Ordinal)),
    };

    /// <summary>What a task did, with the room that the copies took.</summary>
    public TaskManifest AddTo(TaskManifest manifest) =>
        manifest with { Cost = manifest.Cost with { StagedBytes = manifest.Cost.StagedBytes + broughtBytes } };

    private string LocalOf(int number, ArtifactRef file)
    {
        var local = Path.Combine(
            folder, string.Create(CultureInfo.InvariantCulture, $"artifact-{number}-{Path.GetFileName(file.Path)}"));
        OpenSources.KeepName(local);
        return locals[file.Path] = local;
    }

    private ArtifactRef Here(ArtifactRef file) => file with { Path = LocalOf(file.Path) };

    private FileSlice Here(FileSlice slice) => slice.Artifact is not { } artifact ? slice : slice with
    {
        Artifact = Here(artifact),
        File = slice.File with { Stamp = slice.File.Stamp with { Path = LocalOf(artifact.Path) } },
    };

    private static void Copy(ArtifactRef file, string local, CancellationToken cancellationToken)
    {
        try
        {
            using var source = SourceStreams.OpenFile(file.Path);
            source.Until = file.Bytes;
            using var target = File.OpenHandle(
                local, FileMode.Create, FileAccess.Write, FileShare.Read, FileOptions.None, file.Bytes);
            var buffer = new byte[Math.Min(BufferBytes, file.Bytes)];
            for (long at = 0; at < file.Bytes;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = source.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, file.Bytes - at)), at);
                RandomAccess.Write(target, buffer.AsSpan(0, read), at);
                at += read;
            }
        }
        catch (EngineException gone) when (gone.Failure.Kind == FailureKind.SourceUnavailable)
        {
            throw new EngineException(
                new AttemptFailure(
                    FailureKind.ArtifactLost, $"{file.Producer}: {gone.Failure.Message}") { Lost = file.Producer }, gone);
        }
    }
}
