using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Parts of Parquet objects as files of this machine, since the engine reads Parquet from files alone. Each has the object's
/// length and in their own places the footer and the pages that are read; the rest are holes, which take no room on the disk.
/// </summary>
/// <param name="folder">Where the files are made; its owner removes it.</param>
/// <param name="quota">Bytes that they may take; null for any.</param>
internal sealed class ParquetCopies(string folder, long? quota)
{
    // Length of the footer and the magic word.
    private const int EndBytes = 8;

    // Holds the footer of most files.
    private const int TailBytes = 64 << 10;

    private const int BufferBytes = 1 << 20;
    private const int ParallelReads = 4;

    // Two parts with less between them are one request.
    private const long LeastGap = 256 << 10;

    private readonly ConcurrentDictionary<string, string> locals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> origins = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> footers = new(StringComparer.Ordinal);
    private int count;
    private long broughtBytes;

    /// <summary>The task with files of this machine in place of its Parquet objects.</summary>
    /// <exception cref="EngineException">They would take more than the quota, or cannot be read.</exception>
    public TaskSpec Bring(TaskSpec task, CancellationToken cancellationToken)
    {
        var slices = (from scan in task.Inputs.Select(input => input.Scan).OfType<ScanInput>()
                      where scan.Format == SourceFormat.Parquet
                      from slice in scan.Slices
                      where ObjectGrant.IsObject(slice.File.Stamp.Path)
                      select (Scan: scan, Slice: slice)).ToList();
        if (slices.Count == 0)
        {
            return task;
        }

        BringSlices(slices, cancellationToken);

        // Inputs that share a scan still do: it is prepared once.
        var renamed = slices.Select(pair => pair.Scan).Distinct<ScanInput>(ReferenceEqualityComparer.Instance)
            .ToDictionary<ScanInput, ScanInput, ScanInput>(
                scan => scan, scan => scan with { Slices = [.. scan.Slices.Select(Here)] }, ReferenceEqualityComparer.Instance);
        return task with
        {
            Inputs = [.. task.Inputs.Select(input => input.Scan is { } scan && renamed.TryGetValue(scan, out var here)
                ? input with { Scan = here } : input)],
            ScratchBytes = task.ScratchBytes - broughtBytes,
        };
    }

    /// <summary>Brings rows of Parquet objects, with all their columns.</summary>
    /// <exception cref="EngineException">They would take more than the quota, or cannot be read.</exception>
    public void BringRows(
        IReadOnlyList<ColumnSchema> columns, IEnumerable<(ArtifactRef File, long Start, long End)> rows,
        CancellationToken cancellationToken)
    {
        var scan = new ScanInput { Format = SourceFormat.Parquet, Columns = columns, Slices = [] };
        BringSlices(
            [.. rows.Where(part => ObjectGrant.IsObject(part.File.Path)).Select(part => (scan, new FileSlice
            {
                File = new SourceFile { Stamp = part.File.Stamp }, Start = part.Start, End = part.End, Unit = SliceUnit.Rows,
            }))],
            cancellationToken);
    }

    /// <summary>Brings the footers of all objects among some paths, several at a time.</summary>
    public void BringFooters(IEnumerable<string> paths, CancellationToken cancellationToken) =>
        ParallelWork.Run(paths.Where(ObjectGrant.IsObject), path => LocalOf(path), ParallelReads, cancellationToken);

    /// <summary>The file for a path: its own for a file; for an object one that has at least the footer.</summary>
    public string LocalOf(string path)
    {
        if (!ObjectGrant.IsObject(path))
        {
            return path;
        }

        if (locals.TryGetValue(path, out var known))
        {
            return known;
        }

        using var bytes = SourceStreams.OpenFile(path);
        var tail = new byte[Math.Min(TailBytes, bytes.Length)];
        bytes.Read(tail, bytes.Length - tail.Length);
        var footer = tail.Length < EndBytes
            ? tail.Length
            : BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(tail.Length - EndBytes)) + (long)EndBytes;
        footer = Math.Min(Math.Max(footer, tail.Length), bytes.Length);
        var local = Path.Combine(
            folder, string.Create(CultureInfo.InvariantCulture, $"object-{Interlocked.Increment(ref count)}.parquet"));
        Directory.CreateDirectory(folder);
        OpenSources.KeepName(local);
        (locals[path], origins[local], footers[path]) = (local, path, bytes.Length - footer);

        using (var file = File.OpenHandle(local, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            RandomAccess.SetLength(file, bytes.Length);
        }

        Copy(path, bytes.Length - footer, bytes.Length, CancellationToken.None);
        return local;
    }

    /// <summary>What a file of this machine is a copy of; its own path for others.</summary>
    public string OriginOf(string local) => origins.GetValueOrDefault(local, local);

    /// <summary>A failure that names objects instead of their copies.</summary>
    public AttemptFailure NameOrigins(AttemptFailure failure) => failure with { Message = NameOrigins(failure.Message) };

    /// <summary>A text that names objects instead of their copies.</summary>
    public string NameOrigins(string text) =>
        origins.Aggregate(text, (named, pair) => named.Replace(pair.Key, pair.Value, StringComparison.Ordinal));

    /// <summary>What a task did, with the room that the copies took.</summary>
    public TaskManifest AddTo(TaskManifest manifest) =>
        manifest with { Cost = manifest.Cost with { StagedBytes = manifest.Cost.StagedBytes + broughtBytes } };

    private void BringSlices(List<(ScanInput Scan, FileSlice Slice)> slices, CancellationToken cancellationToken)
    {
        BringFooters(slices.Select(pair => pair.Slice.File.Stamp.Path).Distinct(), cancellationToken);
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Files = [.. locals.Values] });
        var parts = slices.GroupBy(pair => pair.Slice.File.Stamp.Path)
            .SelectMany(file => Parts(session, file.Key, [.. file], cancellationToken)).ToList();
        Require(parts.Sum(part => part.End - part.Start));
        ParallelWork.Run(
            parts, part => Copy(part.Path, part.Start, part.End, cancellationToken), ParallelReads, cancellationToken);
    }

    private FileSlice Here(FileSlice slice)
    {
        if (!locals.TryGetValue(slice.File.Stamp.Path, out var local))
        {
            return slice;
        }

        var file = new FileInfo(local);
        return slice with { File = slice.File with { Stamp = new FileStamp(
            local, file.Length, new DateTimeOffset(file.LastWriteTimeUtc)) } };
    }

    // What lies between the last page and the footer are indexes and filters, which the engine may look at.
    private List<(string Path, long Start, long End)> Parts(
        DuckDbSession session, string path, List<(ScanInput Scan, FileSlice Slice)> slices, CancellationToken cancellationToken)
    {
        var ranges = new List<(long Start, long End)>();
        foreach (var (scan, slice) in slices)
        {
            // A scan that uses no column is counted by its first.
            var used = scan.UsedColumns is { Count: 0 } ? scan with { UsedColumns = [scan.Columns[0].Name] } : scan;
            foreach (var chunk in ParquetChunk.List(session, used, slice, locals[path], cancellationToken))
            {
                ranges.Add((chunk.Start, chunk.End));
                ranges.AddRange(chunk.Filter is { } filter ? [filter] : []);
            }
        }

        session.Read(
            "SELECT max(CASE WHEN dictionary_page_offset BETWEEN 1 AND data_page_offset THEN dictionary_page_offset ELSE "
            + "data_page_offset END "
            + $"+ total_compressed_size) FROM parquet_metadata({SqlText.Literal(locals[path])})",
            row => ranges.Add((row.IsDBNull(0) ? footers[path] : row.GetInt64(0), footers[path])), cancellationToken);
        var merged = new List<(string Path, long Start, long End)>();
        foreach (var (start, stop) in ranges.Where(range => range.Start < footers[path]).Order())
        {
            var end = Math.Min(stop, footers[path]);
            if (merged.Count > 0 && start - merged[^1].End < LeastGap)
            {
                merged[^1] = merged[^1] with { End = Math.Max(end, merged[^1].End) };
            }
            else if (end > start)
            {
                merged.Add((path, start, end));
            }
        }

        return merged;
    }

    private void Require(long bytes)
    {
        if (broughtBytes + bytes > quota)
        {
            throw new EngineException(
                FailureKind.OutOfDisk,
                $"The task reads {broughtBytes + bytes} bytes of Parquet objects, and may hold {quota} on local disk "
                + "(Executor:ScratchBytesPerAttempt).");
        }
    }

    private void Copy(string path, long start, long end, CancellationToken cancellationToken)
    {
        using var source = SourceStreams.OpenFile(path);
        source.Until = end;
        using var target = File.OpenHandle(locals[path], FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var buffer = new byte[Math.Min(BufferBytes, end - start)];
        for (var at = start; at < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = source.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)), at);
            if (read == 0)
            {
                throw new InvalidDataException($"{path} ends at byte {at}, before byte {end}.");
            }

            RandomAccess.Write(target, buffer.AsSpan(0, read), at);
            at += read;
        }

        Interlocked.Add(ref broughtBytes, end - start);
    }
}
