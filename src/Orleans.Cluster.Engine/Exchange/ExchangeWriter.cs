using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>
/// Writes rows into one file, ordered by their targets and those of one target in the order in which they came. It holds as many
/// as fit into some memory; where there are more, the file has several runs, each ordered so.
/// </summary>
internal sealed unsafe class ExchangeWriter : IRowSink, IDisposable
{
    /// <summary>The format that statements name.</summary>
    public const string Format = OwnName.Prefix + "exchange";

    private readonly string path;
    private readonly int targets;
    private readonly long runBytes;
    private readonly long seed;
    private readonly byte[] header;
    private readonly NativeType[] types;
    private readonly ValueBuffer[] buffers;
    private readonly NativeBuffer block = new();
    private readonly NativeBuffer scratch = new();
    private readonly NativeBuffer bounds = new();
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<ExchangePart> parts = [];
    private readonly List<RowRange> ranges = [];
    private readonly int[] counts;
    private int[] order = [];
    private int[] identity = [];
    private FileStream? file;
    private long written;
    private int chunks;

    /// <param name="path">The file, which is made when the first rows come.</param>
    /// <param name="columns">
    /// Columns of the rows, of types that <see cref="Holds"/>; behind them, a row has its target as an INTEGER.
    /// </param>
    /// <param name="targets">Number of targets.</param>
    /// <param name="attempt">Whose file it is.</param>
    /// <param name="runBytes">Bytes of rows that it holds at most, about.</param>
    public ExchangeWriter(
        string path, IReadOnlyList<ColumnSchema> columns, int targets, AttemptId attempt, long runBytes)
    {
        (this.path, this.targets, this.runBytes, seed) = (path, targets, runBytes, ExchangeFile.SeedOf(attempt));
        header = ExchangeFile.Header(columns, seed);
        types = [.. columns.Select(column => ExchangeType.Of(column.Type)!)];
        buffers = [.. types.Select(ValueBuffer.Of)];
        counts = new int[targets];
    }

    public string Name => Format;

    /// <summary>What ended the statement early; null when nothing did.</summary>
    public System.Runtime.ExceptionServices.ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>Whether a file can have columns of these types.</summary>
    public static bool Holds(IEnumerable<ColumnSchema> columns) =>
        columns.All(column => ExchangeType.Of(column.Type) is not null);

    public void Take(DataChunk chunk, int rows)
    {
        if (rows == 0)
        {
            return;
        }

        if (order.Length < rows)
        {
            (order, identity) = (new int[rows], [.. Enumerable.Range(0, rows)]);
        }

        Sort(chunk.Vector(buffers.Length), rows);
        for (var column = 0; column < buffers.Length; column++)
        {
            Append(chunk.Vector(column), column, order.AsSpan(0, rows));
        }

        chunks++;
        if (HeldBytes() >= runBytes)
        {
            WriteRun();
        }
    }

    public void Fail(Exception exception) =>
        Failure ??= System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(exception);

    /// <summary>Writes what is left. The file is complete then, and of no rows there is none.</summary>
    /// <param name="isDurable">Whether it is to be on disk before this returns.</param>
    public ArtifactFile? Finish(bool isDurable)
    {
        WriteRun();
        if (file is null)
        {
            return null;
        }

        file.Flush(flushToDisk: isDurable);
        return new ArtifactFile(
            Path.GetFileName(path), 0, parts.Sum(part => part.Rows), written, Convert.ToHexStringLower(hash.GetHashAndReset()),
            Index: ExchangeSlice.Format(header.Length, parts));
    }

    public void Dispose()
    {
        file?.Dispose();
        hash.Dispose();
        block.Dispose();
        scratch.Dispose();
        bounds.Dispose();
        Array.ForEach(buffers, buffer => buffer.Dispose());
    }

    // Numbers of the rows, by target, in their order; and where each target's begin.
    private void Sort(NativeVector target, int rows)
    {
        var values = (int*)target.Data;
        var valid = (ulong*)target.ExistingValidity();
        Array.Clear(counts);
        for (var row = 0; row < rows; row++)
        {
            if ((valid != null && ((valid[row >> 6] >> (row & 63)) & 1) == 0) || (uint)values[row] >= (uint)targets)
            {
                throw new EngineException(
                    FailureKind.Internal, $"A row has target {values[row]}, outside [0, {targets}), or none.");
            }

            counts[values[row]]++;
        }

        var starts = (int*)bounds.Add((targets + 1) * sizeof(int));
        var next = 0;
        for (var i = 0; i < targets; i++)
        {
            starts[i] = next;
            (counts[i], next) = (next, next + counts[i]);
        }

        starts[targets] = next;
        for (var row = 0; row < rows; row++)
        {
            order[counts[values[row]]++] = row;
        }
    }

    // Elements of nested values may be kept in any way; a copy of the engine's has them one behind the other.
    private void Append(NativeVector vector, int column, ReadOnlySpan<int> rows)
    {
        if (!types[column].IsNested)
        {
            buffers[column].Append(vector, rows);
            return;
        }

        var type = types[column].Create();
        var copy = NativeVectors.CreateVector(type, (ulong)Math.Max(rows.Length, 2048));
        var selection = NativeVectors.CreateSelection((ulong)rows.Length);
        try
        {
            rows.CopyTo(new Span<int>(NativeVectors.SelectionData(selection), rows.Length));
            NativeVectors.CopySelected(vector.Handle, copy, selection, (ulong)rows.Length, 0, 0);
            buffers[column].Append(NativeVector.Of(copy), identity.AsSpan(0, rows.Length));
        }
        finally
        {
            NativeVectors.DestroySelection(selection);
            NativeVectors.DestroyVector(ref copy);
            NativeTables.DestroyType(ref type);
        }
    }

    private long HeldBytes()
    {
        var bytes = bounds.Length;
        foreach (var buffer in buffers)
        {
            bytes += buffer.BytesOf(new RowRange(0, buffer.Rows));
        }

        return bytes;
    }

    private void WriteRun()
    {
        if (chunks == 0)
        {
            return;
        }

        if (file is null)
        {
            file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
            Write(header);
        }

        for (var target = 0; target < targets; target++)
        {
            var (start, rows) = (written, WriteTarget(target));
            if (rows > 0)
            {
                parts.Add(new ExchangePart(target, start, written - start, rows));
            }
        }

        Array.ForEach(buffers, buffer => buffer.Clear());
        bounds.Clear();
        chunks = 0;
    }

    private long WriteTarget(int target)
    {
        long all = 0, first = 0, rows = 0, bytes = 0;
        ranges.Clear();
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            var starts = (int*)bounds.Data + ((long)chunk * (targets + 1));
            var range = new RowRange(first + starts[target], first + starts[target + 1]);
            first += starts[targets];
            while (range.End > range.Start)
            {
                var taken = Fitting(range, ExchangeFile.MostRows - rows, ExchangeFile.UsualBytes - bytes, rows == 0);
                if (taken > range.Start)
                {
                    var piece = range with { End = taken };
                    ranges.Add(piece);
                    rows += taken - range.Start;
                    bytes += BytesOf(piece);
                    range = range with { Start = taken };
                }

                if (range.End > range.Start)
                {
                    all += rows;
                    WriteBlock(target, (int)rows);
                    (rows, bytes) = (0, 0);
                }
            }
        }

        if (rows > 0)
        {
            WriteBlock(target, (int)rows);
        }

        return all + rows;
    }

    // The end of so many rows of a range as a block has room for: at least one, if it has none yet.
    private long Fitting(RowRange range, long rows, long bytes, bool isFirst)
    {
        var most = Math.Min(range.End, range.Start + rows);
        if (BytesOf(range with { End = most }) <= bytes)
        {
            return most;
        }

        var (least, end) = (range.Start + (isFirst ? 1 : 0), most);
        while (least < end)
        {
            var middle = least + ((end - least + 1) / 2);
            if (BytesOf(range with { End = middle }) <= bytes)
            {
                least = middle;
            }
            else
            {
                end = middle - 1;
            }
        }

        return least;
    }

    private long BytesOf(RowRange range)
    {
        long bytes = 0;
        foreach (var buffer in buffers)
        {
            bytes += buffer.BytesOf(range);
        }

        return bytes;
    }

    private void WriteBlock(int target, int rows)
    {
        block.Clear();
        block.Add(BlockHeader.Size + (buffers.Length * sizeof(int)));
        for (var column = 0; column < buffers.Length; column++)
        {
            buffers[column].Encode(block, scratch, CollectionsMarshal.AsSpan(ranges));
            ((int*)(block.Data + BlockHeader.Size))[column] = checked((int)(block.Length - BlockHeader.Size));
        }

        *(BlockHeader*)block.Data = BlockHeader.Of(target, rows, block.Span[BlockHeader.Size..], seed);
        Write(block.Span);
        ranges.Clear();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        hash.AppendData(bytes);
        file!.Write(bytes);
        written += bytes.Length;
    }
}
