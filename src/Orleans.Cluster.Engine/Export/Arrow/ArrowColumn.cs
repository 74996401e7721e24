using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Types;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Scanning;

namespace Orleans.Cluster.Engine.Export.Arrow;

/// <summary>
/// A column of a batch that grows by the engine's vectors. Values are copied as they are: fixed widths have the same form on both
/// sides (but BOOLEAN, a byte in the engine, and DECIMAL, which is as wide as it needs there and 128 bits here).
/// </summary>
internal abstract class ArrowColumn(IArrowType type)
{
    private readonly PooledBytes validity = new();
    private int rows;
    private int nulls;

    /// <summary>Its type.</summary>
    public IArrowType Type => type;

    /// <summary>Bytes of its rows since the last batch, without those of validity.</summary>
    public abstract long Bytes { get; }

    /// <summary>The column of a planned one; null where the engine must convert it.</summary>
    public static ArrowColumn? Of(ColumnSchema column)
    {
        if (column.Type == "BLOB")
        {
            return new BytesColumn(BinaryType.Default);
        }

        var read = TextColumn.Of(column);
        return read.IsCast ? null : read.Native.Id switch
        {
            NativeTypeId.Boolean => new BooleanColumn(),
            NativeTypeId.TinyInt => new ValueColumn<sbyte>(Int8Type.Default),
            NativeTypeId.SmallInt => new ValueColumn<short>(Int16Type.Default),
            NativeTypeId.Integer => new ValueColumn<int>(Int32Type.Default),
            NativeTypeId.BigInt => new ValueColumn<long>(Int64Type.Default),
            NativeTypeId.UTinyInt => new ValueColumn<byte>(UInt8Type.Default),
            NativeTypeId.USmallInt => new ValueColumn<ushort>(UInt16Type.Default),
            NativeTypeId.UInteger => new ValueColumn<uint>(UInt32Type.Default),
            NativeTypeId.UBigInt => new ValueColumn<ulong>(UInt64Type.Default),
            NativeTypeId.Float => new ValueColumn<float>(FloatType.Default),
            NativeTypeId.Double => new ValueColumn<double>(DoubleType.Default),
            NativeTypeId.Date => new ValueColumn<int>(Date32Type.Default),
            NativeTypeId.Time => new ValueColumn<long>(new Time64Type(TimeUnit.Microsecond)),
            NativeTypeId.Timestamp => new ValueColumn<long>(new TimestampType(TimeUnit.Microsecond, (string?)null)),
            NativeTypeId.TimestampS => new ValueColumn<long>(new TimestampType(TimeUnit.Second, (string?)null)),
            NativeTypeId.TimestampMs => new ValueColumn<long>(new TimestampType(TimeUnit.Millisecond, (string?)null)),
            NativeTypeId.TimestampNs => new ValueColumn<long>(new TimestampType(TimeUnit.Nanosecond, (string?)null)),
            NativeTypeId.TimestampTz => new ValueColumn<long>(new TimestampType(TimeUnit.Microsecond, "UTC")),
            NativeTypeId.Varchar => new BytesColumn(StringType.Default),
            NativeTypeId.Decimal => Decimal(read.Native),
            _ => null,
        };
    }

    /// <summary>Adds rows.</summary>
    /// <param name="vector">The engine's.</param>
    /// <param name="start">The first row of it.</param>
    /// <param name="count">Rows.</param>
    public void Append(NativeVector vector, int start, int count)
    {
        var valid = vector.ExistingValidity();
        if (valid != 0 || nulls > 0)
        {
            AppendValidity(valid, start, count);
        }

        AppendValues(vector.Data, valid, start, count);
        rows += count;
    }

    /// <summary>The rows since the last call.</summary>
    /// <param name="rented">Gets the memory that is to be returned after them.</param>
    public IArrowArray Build(List<byte[]> rented)
    {
        var bits = nulls == 0 ? ArrowBuffer.Empty : new ArrowBuffer(validity.Take(rented));
        var array = ArrowArrayFactory.BuildArray(new ArrayData(type, rows, nulls, 0, [bits, .. Take(rented)]));
        (rows, nulls) = (0, 0);
        return array;
    }

    /// <summary>Adds values, of those that are NULL as many zeros: what memory has there is nobody's business.</summary>
    protected abstract void AppendValues(nint data, nint valid, int start, int count);

    /// <summary>The buffers but that of validity.</summary>
    protected abstract IEnumerable<ArrowBuffer> Take(List<byte[]> rented);

    /// <summary>Whether a row is not NULL.</summary>
    /// <param name="valid">Bits of the engine's vector; 0 where all rows are.</param>
    /// <param name="row">The row.</param>
    protected static unsafe bool IsValid(nint valid, int row) =>
        valid == 0 || ((((ulong*)valid)[row >> 6] >> (row & 63)) & 1) != 0;

    private static ArrowColumn Decimal(NativeType type)
    {
        var decimals = new Decimal128Type(type.Width, type.Scale);
        return type.Bytes switch
        {
            2 => new DecimalColumn<short>(decimals),
            4 => new DecimalColumn<int>(decimals),
            8 => new DecimalColumn<long>(decimals),
            _ => new ValueColumn<Int128>(decimals),
        };
    }

    // Bits are there from the first NULL on: until then all rows were valid.
    private void AppendValidity(nint valid, int start, int count)
    {
        var added = 0;
        for (var row = 0; row < count; row++)
        {
            added += IsValid(valid, start + row) ? 0 : 1;
        }

        if (nulls + added == 0)
        {
            return;
        }

        var had = validity.Length;
        validity.Add(((rows + count + 7) / 8) - had).Clear();
        var bits = validity.Span;
        if (nulls == 0)
        {
            SetFirst(bits, rows);
        }

        for (var row = 0; row < count; row++)
        {
            if (IsValid(valid, start + row))
            {
                bits[(rows + row) >> 3] |= (byte)(1 << ((rows + row) & 7));
            }
        }

        nulls += added;
    }

    private static void SetFirst(Span<byte> bits, int count)
    {
        bits[..(count >> 3)].Fill(byte.MaxValue);
        if ((count & 7) != 0)
        {
            bits[count >> 3] |= (byte)((1 << (count & 7)) - 1);
        }
    }

    // Values of one width, of the same form on both sides.
    private sealed unsafe class ValueColumn<T>(IArrowType type) : ArrowColumn(type)
        where T : unmanaged
    {
        private readonly PooledBytes values = new();

        public override long Bytes => values.Length;

        protected override void AppendValues(nint data, nint valid, int start, int count)
        {
            var target = values.Add(count * sizeof(T));
            new ReadOnlySpan<byte>((T*)data + start, target.Length).CopyTo(target);
            if (valid != 0)
            {
                var typed = MemoryMarshal.Cast<byte, T>(target);
                for (var row = 0; row < count; row++)
                {
                    typed[row] = IsValid(valid, start + row) ? typed[row] : default;
                }
            }
        }

        protected override IEnumerable<ArrowBuffer> Take(List<byte[]> rented) => [new(values.Take(rented))];
    }

    // A byte in the engine, a bit here.
    private sealed unsafe class BooleanColumn() : ArrowColumn(BooleanType.Default)
    {
        private readonly PooledBytes bits = new();
        private int had;

        public override long Bytes => bits.Length;

        protected override void AppendValues(nint data, nint valid, int start, int count)
        {
            bits.Add(((had + count + 7) / 8) - bits.Length).Clear();
            var target = bits.Span;
            for (var row = 0; row < count; row++)
            {
                if (((byte*)data)[start + row] != 0 && IsValid(valid, start + row))
                {
                    target[(had + row) >> 3] |= (byte)(1 << ((had + row) & 7));
                }
            }

            had += count;
        }

        protected override IEnumerable<ArrowBuffer> Take(List<byte[]> rented)
        {
            had = 0;
            return [new(bits.Take(rented))];
        }
    }

    // As narrow as its digits let it be in the engine.
    private sealed unsafe class DecimalColumn<T>(IArrowType type) : ArrowColumn(type)
        where T : unmanaged, IBinaryInteger<T>
    {
        private readonly PooledBytes values = new();

        public override long Bytes => values.Length;

        protected override void AppendValues(nint data, nint valid, int start, int count)
        {
            var target = MemoryMarshal.Cast<byte, Int128>(values.Add(count * sizeof(Int128)));
            for (var row = 0; row < count; row++)
            {
                target[row] = IsValid(valid, start + row) ? Int128.CreateTruncating(((T*)data)[start + row]) : 0;
            }
        }

        protected override IEnumerable<ArrowBuffer> Take(List<byte[]> rented) => [new(values.Take(rented))];
    }

    // Text and bytes. In the engine 16 bytes a value: four of its length, then the value itself, or of a longer one four bytes of
    // it and its address.
    private sealed unsafe class BytesColumn(IArrowType type) : ArrowColumn(type)
    {
        private const int EngineBytes = 16;
        private const int InlineBytes = 12;
        private readonly PooledBytes offsets = new();
        private readonly PooledBytes values = new();

        public override long Bytes => (long)offsets.Length + values.Length;

        protected override void AppendValues(nint data, nint valid, int start, int count)
        {
            if (offsets.Length == 0)
            {
                offsets.Add(sizeof(int)).Clear();
            }

            var strings = (byte*)data + ((long)start * EngineBytes);
            var ends = MemoryMarshal.Cast<byte, int>(offsets.Add(count * sizeof(int)));
            var begin = values.Length;
            var end = begin;
            for (var row = 0; row < count; row++)
            {
                ends[row] = end = checked(end + (IsValid(valid, start + row) ? *(int*)(strings + (row * EngineBytes)) : 0));
            }

            if (end > begin)
            {
                Copy(strings, begin, ends, values.Add(end - begin));
            }
        }

        protected override IEnumerable<ArrowBuffer> Take(List<byte[]> rented) =>
            [new(offsets.Take(rented)), new(values.Take(rented))];

        // Rows that are NULL have no bytes.
        private static void Copy(byte* strings, int begin, ReadOnlySpan<int> ends, Span<byte> target)
        {
            fixed (byte* first = target)
            {
                var next = first;
                var limit = first + target.Length - InlineBytes;
                for (var row = 0; row < ends.Length; row++, strings += EngineBytes)
                {
                    var length = ends[row] - begin;
                    if (length <= InlineBytes && next <= limit)
                    {
                        // What is written behind the value is written over by the next.
                        *(long*)next = *(long*)(strings + 4);
                        *(int*)(next + 8) = *(int*)(strings + 12);
                    }
                    else
                    {
                        Unsafe.CopyBlockUnaligned(
                            next, length <= InlineBytes ? strings + 4 : *(byte**)(strings + 8), (uint)length);
                    }

                    next += length;
                    begin = ends[row];
                }
            }
        }
    }
}
