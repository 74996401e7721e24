using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>Neighbouring rows of a buffer.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">Behind the last.</param>
internal readonly record struct RowRange(long Start, long End);

/// <summary>
/// Values of one column, in the order in which they came, and from here into blocks: some ranges of them, encoded together.
/// </summary>
internal abstract unsafe partial class ValueBuffer : IDisposable
{
    private readonly NativeBuffer validity = new();
    private long nulls;

    /// <summary>Rows in it.</summary>
    public long Rows { get; private set; }

    /// <summary>Bytes of some of its rows, about as many as they take in a block before they are made narrower.</summary>
    public abstract long BytesOf(RowRange range);

    /// <summary>A buffer for values of a type.</summary>
    public static ValueBuffer Of(NativeType type) => type.Id switch
    {
        NativeTypeId.Varchar or NativeTypeId.Blob => new TextBuffer(),
        NativeTypeId.List => new ListBuffer([Of(type.Parts[0].Type)], isMap: false),
        NativeTypeId.Map => new ListBuffer([.. type.Parts.Select(part => Of(part.Type))], isMap: true),
        NativeTypeId.Array => new ArrayBuffer(Of(type.Parts[0].Type), type.Length),
        NativeTypeId.Struct => new StructBuffer([.. type.Parts.Select(part => Of(part.Type))]),
        NativeTypeId.Float => new FixedBuffer<int>(isWhole: false),
        NativeTypeId.Double => new FixedBuffer<long>(isWhole: false),
        NativeTypeId.Uuid => new FixedBuffer<Int128>(isWhole: false),
        _ => type.Bytes switch
        {
            1 => new FixedBuffer<sbyte>(isWhole: true),
            2 => new FixedBuffer<short>(isWhole: true),
            4 => new FixedBuffer<int>(isWhole: true),
            8 => new FixedBuffer<long>(isWhole: true),
            _ => new FixedBuffer<Int128>(isWhole: true),
        },
    };

    /// <summary>Adds rows of a flat vector.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="rows">Numbers of its rows, in the order in which they are added.</param>
    public void Append(NativeVector vector, ReadOnlySpan<int> rows)
    {
        var valid = (ulong*)vector.ExistingValidity();
        if (valid != null || nulls > 0)
        {
            AppendValidity(valid, rows);
        }

        AppendValues(vector, valid, rows);
        Rows += rows.Length;
    }

    /// <summary>Writes rows to the end of a block.</summary>
    /// <param name="block">Gets them.</param>
    /// <param name="scratch">For whatever is needed meanwhile.</param>
    /// <param name="ranges">The rows.</param>
    public void Encode(NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges)
    {
        EncodeValidity(block, scratch, ranges);
        EncodeValues(block, scratch, ranges);
    }

    /// <summary>Empties it.</summary>
    public virtual void Clear()
    {
        validity.Clear();
        (Rows, nulls) = (0, 0);
    }

    public virtual void Dispose() => validity.Dispose();

    /// <summary>Adds values; what stands for a NULL must follow from the values before it.</summary>
    protected abstract void AppendValues(NativeVector vector, ulong* valid, ReadOnlySpan<int> rows);

    protected abstract void EncodeValues(NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges);

    protected static bool IsValid(ulong* valid, int row) => valid == null || ((valid[row >> 6] >> (row & 63)) & 1) != 0;

    protected static int Count(ReadOnlySpan<RowRange> ranges)
    {
        long count = 0;
        foreach (var range in ranges)
        {
            count += range.End - range.Start;
        }

        return checked((int)count);
    }

    // A byte a row, from the first NULL on.
    private void AppendValidity(ulong* valid, ReadOnlySpan<int> rows)
    {
        var added = 0;
        foreach (var row in rows)
        {
            added += IsValid(valid, row) ? 0 : 1;
        }

        if (nulls + added == 0)
        {
            return;
        }

        if (nulls == 0)
        {
            new Span<byte>(validity.Add(Rows), checked((int)Rows)).Fill(1);
        }

        var bytes = validity.Add(rows.Length);
        for (var i = 0; i < rows.Length; i++)
        {
            bytes[i] = IsValid(valid, rows[i]) ? (byte)1 : (byte)0;
        }

        nulls += added;
    }

    private void EncodeValidity(NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges)
    {
        if (nulls == 0 || !HasNull(ranges))
        {
            block.AddValue<byte>(0);
            return;
        }

        block.AddValue<byte>(1);
        Gather(validity, sizeof(byte), scratch, ranges);
        var count = (int)scratch.Length;
        var bits = block.Add((count + 7) / 8);
        new Span<byte>(bits, (count + 7) / 8).Clear();
        for (var i = 0; i < count; i++)
        {
            bits[i >> 3] |= (byte)(scratch.Data[i] << (i & 7));
        }
    }

    private bool HasNull(ReadOnlySpan<RowRange> ranges)
    {
        foreach (var range in ranges)
        {
            if (new ReadOnlySpan<byte>(validity.Data + range.Start, (int)(range.End - range.Start)).Contains((byte)0))
            {
                return true;
            }
        }

        return false;
    }

    // Ranges of values of one width, one behind the other.
    private static void Gather(NativeBuffer values, int width, NativeBuffer to, ReadOnlySpan<RowRange> ranges)
    {
        to.Clear();
        foreach (var range in ranges)
        {
            var bytes = (range.End - range.Start) * width;
            Buffer.MemoryCopy(values.Data + (range.Start * width), to.Add(bytes), bytes, bytes);
        }
    }

    // Values of one width.
    private sealed class FixedBuffer<T>(bool isWhole) : ValueBuffer
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        private readonly NativeBuffer values = new();

        public override long BytesOf(RowRange range) => (range.End - range.Start) * sizeof(T);

        public override void Clear()
        {
            base.Clear();
            values.Clear();
        }

        public override void Dispose()
        {
            base.Dispose();
            values.Dispose();
        }

        protected override void AppendValues(NativeVector vector, ulong* valid, ReadOnlySpan<int> rows)
        {
            var before = values.Length > 0 ? ((T*)(values.Data + values.Length))[-1] : default;
            var from = (T*)vector.Data;
            var to = (T*)values.Add(rows.Length * sizeof(T));
            if (valid == null)
            {
                for (var i = 0; i < rows.Length; i++)
                {
                    to[i] = from[rows[i]];
                }

                return;
            }

            // The value before stands for a NULL: it makes no block wider.
            for (var i = 0; i < rows.Length; i++)
            {
                before = IsValid(valid, rows[i]) ? from[rows[i]] : before;
                to[i] = before;
            }
        }

        protected override void EncodeValues(NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges)
        {
            Gather(values, sizeof(T), scratch, ranges);
            Numbers.Write(block, (T*)scratch.Data, (int)(scratch.Length / sizeof(T)), isWhole);
        }
    }

    // Text and bytes: in the engine 16 bytes a value, four of its length, then the value itself, or of a longer one four bytes of
    // it and its address.
    private sealed class TextBuffer : ValueBuffer
    {
        private const int EngineBytes = 16;
        private const int InlineBytes = 12;
        private readonly NativeBuffer ends = new();
        private readonly NativeBuffer texts = new();

        public override long BytesOf(RowRange range) =>
            EndOf(range.End) - EndOf(range.Start) + ((range.End - range.Start) * sizeof(int));

        public override void Clear()
        {
            base.Clear();
            ends.Clear();
            texts.Clear();
        }

        public override void Dispose()
        {
            base.Dispose();
            ends.Dispose();
            texts.Dispose();
        }

        protected override void AppendValues(NativeVector vector, ulong* valid, ReadOnlySpan<int> rows)
        {
            var strings = (byte*)vector.Data;
            var to = (long*)ends.Add(rows.Length * sizeof(long));
            for (var i = 0; i < rows.Length; i++)
            {
                if (IsValid(valid, rows[i]))
                {
                    var value = strings + ((long)rows[i] * EngineBytes);
                    var length = *(uint*)value;
                    var text = length <= InlineBytes ? value + 4 : *(byte**)(value + 8);
                    Buffer.MemoryCopy(text, texts.Add(length), length, length);
                }

                to[i] = texts.Length;
            }
        }

        protected override void EncodeValues(NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges)
        {
            EncodeLengths(ends, block, scratch, ranges);
            foreach (var range in ranges)
            {
                var (start, end) = (EndOf(range.Start), EndOf(range.End));
                Buffer.MemoryCopy(texts.Data + start, block.Add(end - start), end - start, end - start);
            }
        }

        private long EndOf(long rows) => rows == 0 ? 0 : ((long*)ends.Data)[rows - 1];
    }

    private static void EncodeLengths(
        NativeBuffer ends, NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges)
    {
        scratch.Clear();
        foreach (var range in ranges)
        {
            var lengths = (int*)scratch.Add((range.End - range.Start) * sizeof(int));
            var end = range.Start == 0 ? 0 : ((long*)ends.Data)[range.Start - 1];
            for (var row = range.Start; row < range.End; row++)
            {
                var next = ((long*)ends.Data)[row];
                *lengths++ = checked((int)(next - end));
                end = next;
            }
        }

        Numbers.Write(block, (int*)scratch.Data, (int)(scratch.Length / sizeof(int)), isWhole: true);
    }
}
