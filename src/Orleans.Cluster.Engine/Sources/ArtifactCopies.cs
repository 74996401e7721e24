using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Artifacts that are objects as files of this machine: what a task reads of one is brought first and read as any other then. Of
/// an exchange file that are its header and the parts of some targets.
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
    private readonly ConcurrentDictionary<string, string> origins = new(StringComparer.Ordinal);
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
        var objects = artifacts.Where(file => ObjectGrant.IsObject(file.Path)).DistinctBy(KeyOf).ToList();
        if (objects.Count == 0)
        {
            return;
        }

        broughtBytes = objects.Sum(BytesOf);
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
            objects.Max(BytesOf) <= SmallBytes ? ParallelSmallReads : ParallelReads, cancellationToken);
    }

    /// <summary>The file for a path: its own for a file.</summary>
    public string LocalOf(string path) => locals.GetValueOrDefault(path, path);

    /// <summary>A failure that names objects instead of their copies.</summary>
    public AttemptFailure NameOrigins(AttemptFailure failure) => locals.IsEmpty ? failure : failure with
    {
        Message = origins.Aggregate(
            failure.Message, (named, pair) => named.Replace(pair.Key, pair.Value, StringComparison.Ordinal)),
    };

    /// <summary>What a task did, with the room that the copies took.</summary>
    public TaskManifest AddTo(TaskManifest manifest) =>
        manifest with { Cost = manifest.Cost with { StagedBytes = manifest.Cost.StagedBytes + broughtBytes } };

    private string LocalOf(int number, ArtifactRef file)
    {
        var local = Path.Combine(
            folder, string.Create(CultureInfo.InvariantCulture, $"artifact-{number}-{Path.GetFileName(file.Path)}"));
        OpenSources.KeepName(local);
        origins[local] = file.Path;
        return locals[KeyOf(file)] = local;
    }

    private ArtifactRef Here(ArtifactRef file) => !locals.TryGetValue(KeyOf(file), out var local) ? file
        : file.Slice is { } slice
            ? file with { Path = local, Slice = slice with { FileBytes = BytesOf(file), Parts = Moved(slice) } }
        : file with { Path = local };

    private FileSlice Here(FileSlice slice) => slice.Artifact is not { } artifact ? slice : slice with
    {
        Artifact = Here(artifact),
        File = slice.File with { Stamp = slice.File.Stamp with { Path = LocalOf(artifact.Path) } },
    };

    // Two tasks' worth of one file have different targets.
    private static string KeyOf(ArtifactRef file) => file.Slice is { Parts: { Count: > 0 } parts }
        ? string.Create(CultureInfo.InvariantCulture, $"{file.Path}#{parts[0].Target}-{parts[^1].Target}") : file.Path;

    private static long BytesOf(ArtifactRef file) => file.Bytes + (file.Slice?.HeaderBytes ?? 0);

    // Where the parts are in the copy: behind the header, in their order.
    private static List<ExchangePart> Moved(ExchangeSlice slice)
    {
        var (at, moved) = ((long)slice.HeaderBytes, new List<ExchangePart>());
        foreach (var part in slice.Parts)
        {
            moved.Add(part with { Offset = at });
            at += part.Bytes;
        }

        return moved;
    }

    // What is copied, neighbours together.
    private static IEnumerable<(long Start, long End)> Spans(ArtifactRef file)
    {
        if (file.Slice is not { } slice)
        {
            return [(0, file.Bytes)];
        }

        var spans = new List<(long Start, long End)> { (0, slice.HeaderBytes) };
        foreach (var part in slice.Parts)
        {
            if (spans[^1].End == part.Offset)
            {
                spans[^1] = (spans[^1].Start, part.Offset + part.Bytes);
            }
            else
            {
                spans.Add((part.Offset, part.Offset + part.Bytes));
            }
        }

        return spans;
    }

    private static void Copy(ArtifactRef file, string local, CancellationToken cancellationToken)
    {
        try
        {
            using var source = SourceStreams.OpenFile(file.Path);
            using var target = File.OpenHandle(
                local, FileMode.Create, FileAccess.Write, FileShare.Read, FileOptions.None, BytesOf(file));
            var buffer = new byte[Math.Min(BufferBytes, BytesOf(file))];
            long written = 0;
            foreach (var (start, end) in Spans(file))
            {
                source.Until = end;
                for (var at = start; at < end;)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var read = source.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)), at);
                    RandomAccess.Write(target, buffer.AsSpan(0, read), written);
                    at += read;
                    written += read;
                }
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
