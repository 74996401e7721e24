using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>One pass over parts of exchange files. Each block is compared with its sum before any row of it is given.</summary>
internal sealed unsafe class ExchangeScan : ITableScan
{
    private const int BatchRows = 2048;
    private const long WindowBytes = 1 << 20;

    // The longest piece of a text that is copied at once may reach so far behind its end.
    private const int Padding = 16;

    private readonly ExchangeTable table;
    private readonly IReadOnlyList<int> projected;
    private readonly BlockColumn?[] columns;
    private readonly int lastColumn;
    private readonly List<Window> used = [];
    private readonly Stack<Window> free = [];

    private Window? window;
    private SafeFileHandle? file;
    private long seed;
    private int fileNumber = -1;
    private int part = -1;
    private long at;
    private long partEnd;
    private long rowsLeftOfPart;
    private int rowsLeft;

    public ExchangeScan(ExchangeTable table, IReadOnlyList<int> projected)
    {
        (this.table, this.projected) = (table, projected);
        columns = new BlockColumn?[table.Columns.Count];
        lastColumn = -1;
        foreach (var column in projected.Where(column => column >= 0))
        {
            columns[column] = BlockColumn.Of(table.Columns[column].Type);
            lastColumn = Math.Max(lastColumn, column);
        }
    }

    private ArtifactRef Artifact => table.Files[fileNumber];

    private IReadOnlyList<ExchangePart> Parts => Artifact.Slice!.Parts;

    public int Next(DataChunk chunk)
    {
        // What text pointed at has been used.
        foreach (var old in used)
        {
            free.Push(old);
        }

        used.Clear();
        var filled = 0;
        while (filled < BatchRows && (rowsLeft > 0 || NextBlock()))
        {
            var count = Math.Min(rowsLeft, BatchRows - filled);
            for (var i = 0; i < projected.Count; i++)
            {
                if (projected[i] >= 0)
                {
                    columns[projected[i]]!.Read(chunk.Vector(i), filled, count);
                }
            }

            filled += count;
            rowsLeft -= count;
        }

        return filled;
    }

    public void Dispose()
    {
        file?.Dispose();
        window?.Dispose();
        used.ForEach(old => old.Dispose());
        while (free.TryPop(out var old))
        {
            old.Dispose();
        }
    }

    private bool NextBlock()
    {
        while (at == partEnd)
        {
            if (rowsLeftOfPart != 0)
            {
                throw ArtifactCheck.Different(Artifact);
            }

            if (!NextPart())
            {
                return false;
            }
        }

        var header = MemoryMarshal.Read<BlockHeader>(Need(BlockHeader.Size));
        if (header.Target != Parts[part].Target || header.Rows is <= 0 or > ExchangeFile.MostRows
            || header.Rows > rowsLeftOfPart || header.Bytes < 0 || header.Bytes > partEnd - at - BlockHeader.Size)
        {
            throw ArtifactCheck.Different(Artifact);
        }

        var block = Need(BlockHeader.Size + header.Bytes)[BlockHeader.Size..];
        if (!header.Fits(block, seed))
        {
            throw ArtifactCheck.Different(Artifact);
        }

        OpenColumns(block, header.Rows);
        at += BlockHeader.Size + header.Bytes;
        rowsLeftOfPart -= header.Rows;
        rowsLeft = header.Rows;
        table.Report(BlockHeader.Size + header.Bytes, header.Rows);
        return true;
    }

    // A block begins with where each of its columns ends.
    private void OpenColumns(ReadOnlySpan<byte> block, int rows)
    {
        fixed (byte* start = block)
        {
            var ends = (int*)start;
            for (var column = 0; column <= lastColumn; column++)
            {
                if (columns[column] is { } wanted)
                {
                    var first = start + (column == 0 ? columns.Length * sizeof(int) : ends[column - 1]);
                    wanted.Open(ref first, rows);
                }
            }
        }
    }

    private bool NextPart()
    {
        while (file is null || ++part == Parts.Count)
        {
            file?.Dispose();
            file = null;
            if (fileNumber + 1 == table.Files.Count)
            {
                (at, partEnd, rowsLeftOfPart) = (0, 0, 0);
                fileNumber = table.Files.Count - 1;
                part = Parts.Count - 1;
                return EndOfFiles();
            }

            fileNumber++;
            part = -1;
            file = ExchangeFile.Open(Artifact);
            seed = ExchangeFile.SeedOf(Artifact.Producer);
            Retire();
        }

        var next = Parts[part];
        (at, partEnd, rowsLeftOfPart) = (next.Offset, next.Offset + next.Bytes, next.Rows);
        return true;
    }

    private bool EndOfFiles()
    {
        Retire();
        return false;
    }

    // The next bytes of the part, which the window has then. It is read on to the end of the parts that follow each other.
    private ReadOnlySpan<byte> Need(long bytes)
    {
        if (bytes > partEnd - at)
        {
            throw ArtifactCheck.Different(Artifact);
        }

        if (window is null || at < window.Start || at + bytes > window.Start + window.Length)
        {
            Retire();
            var wanted = Math.Max(bytes, Math.Min(WindowBytes, EndOfNeighbours() - at));
            window = free.TryPop(out var old) ? old : new Window();
            window.Fill(file!, at, wanted);
            if (window.Length < wanted)
            {
                throw ArtifactCheck.Lost(Artifact, "is shorter than it was");
            }
        }

        return new ReadOnlySpan<byte>(window.Data + (at - window.Start), checked((int)bytes));
    }

    private long EndOfNeighbours()
    {
        var end = partEnd;
        for (var next = part + 1; next < Parts.Count && Parts[next].Offset == end && end - at < WindowBytes; next++)
        {
            end += Parts[next].Bytes;
        }

        return end;
    }

    private void Retire()
    {
        if (window is not null)
        {
            used.Add(window);
            window = null;
        }
    }

    private sealed class Window : IDisposable
    {
        private long capacity;

        public byte* Data { get; private set; }

        public long Start { get; private set; }

        public long Length { get; private set; }

        public void Fill(SafeFileHandle from, long start, long bytes)
        {
            if (bytes > capacity)
            {
                NativeMemory.Free(Data);
                capacity = Math.Max(bytes, WindowBytes);
                Data = (byte*)NativeMemory.Alloc((nuint)(capacity + Padding));
            }

            (Start, Length) = (start, 0);
            while (Length < bytes)
            {
                var read = RandomAccess.Read(
                    from, new Span<byte>(Data + Length, (int)Math.Min(bytes - Length, 1 << 30)), start + Length);
                if (read == 0)
                {
                    return;
                }

                Length += read;
            }
        }

        public void Dispose()
        {
            NativeMemory.Free(Data);
            Data = null;
            (capacity, Length) = (0, 0);
        }
    }
}
