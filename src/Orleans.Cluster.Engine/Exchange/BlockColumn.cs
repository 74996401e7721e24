using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Scanning;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>
/// A column of a block, from which some rows at a time go into the engine's vectors. Text stays where it is: the block lives
/// until the rows have been used.
/// </summary>
internal abstract unsafe class BlockColumn
{
    private byte* valid;
    private int position;

    /// <summary>A column for values of a type.</summary>
    public static BlockColumn Of(NativeType type) => type.Id switch
    {
        NativeTypeId.Varchar or NativeTypeId.Blob => new TextColumn(),
        NativeTypeId.List => new ListColumn([Of(type.Parts[0].Type)], isMap: false),
        NativeTypeId.Map => new ListColumn([.. type.Parts.Select(part => Of(part.Type))], isMap: true),
        NativeTypeId.Array => new ArrayColumn(Of(type.Parts[0].Type), type.Length),
        NativeTypeId.Struct => new StructColumn([.. type.Parts.Select(part => Of(part.Type))]),
        _ => type.Bytes switch
        {
            1 => new FixedColumn<sbyte>(),
            2 => new FixedColumn<short>(),
            4 => new FixedColumn<int>(),
            8 => new FixedColumn<long>(),
            _ => new FixedColumn<Int128>(),
        },
    };

    /// <summary>Begins with a column of a block.</summary>
    /// <param name="at">Its first byte; behind the last when it returns.</param>
    /// <param name="rows">Rows of the block.</param>
    public void Open(ref byte* at, int rows)
    {
        valid = null;
        position = 0;
        if (*at++ != 0)
        {
            valid = at;
            at += (rows + 7) / 8;
        }

        OpenValues(ref at, rows);
    }

    /// <summary>Gives the next rows.</summary>
    /// <param name="vector">Gets them.</param>
    /// <param name="row">The first of its rows that is free.</param>
    /// <param name="count">How many.</param>
    public void Read(NativeVector vector, int row, int count)
    {
        if (valid != null)
        {
            SetNulls(vector, row, count);
        }

        ReadValues(vector, row, position, count);
        position += count;
    }

    protected abstract void OpenValues(ref byte* at, int rows);

    protected abstract void ReadValues(NativeVector vector, int row, int start, int count);

    private void SetNulls(NativeVector vector, int row, int count)
    {
        ulong* bits = null;
        for (var i = 0; i < count; i++)
        {
            var from = position + i;
            if ((valid[from >> 3] & (1 << (from & 7))) == 0)
            {
                bits = bits == null ? (ulong*)vector.Validity() : bits;
                bits[(row + i) >> 6] &= ~(1UL << ((row + i) & 63));
            }
        }
    }

    private sealed class FixedColumn<T> : BlockColumn
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        private NumbersAt<T> values;

        protected override void OpenValues(ref byte* at, int rows) => values = Numbers.At<T>(ref at, rows);

        protected override void ReadValues(NativeVector vector, int row, int start, int count) =>
            values.Read(start, count, (T*)vector.Data + row);
    }

    private sealed class TextColumn : BlockColumn
    {
        private int[] lengths = [];
        private byte* text;

        protected override void OpenValues(ref byte* at, int rows)
        {
            lengths = LengthsOf(lengths, ref at, rows, out var bytes);
            text = at;
            at += bytes;
        }

        protected override void ReadValues(NativeVector vector, int row, int start, int count)
        {
            var values = (ulong*)vector.Data + (2 * (long)row);
            for (var i = 0; i < count; i++)
            {
                var length = lengths[start + i];
                StringFieldReader.Write(values + (2 * i), text, length);
                text += length;
            }
        }
    }

    private sealed class ListColumn(BlockColumn[] parts, bool isMap) : BlockColumn
    {
        private int[] lengths = [];

        protected override void OpenValues(ref byte* at, int rows)
        {
            lengths = LengthsOf(lengths, ref at, rows, out var elements);
            foreach (var part in parts)
            {
                part.Open(ref at, checked((int)elements));
            }
        }

        protected override void ReadValues(NativeVector vector, int row, int start, int count)
        {
            var had = NativeVectors.ListSize(vector.Handle);
            var entries = (ulong*)vector.Data + (2 * (long)row);
            var end = had;
            for (var i = 0; i < count; i++)
            {
                entries[2 * i] = end;
                entries[(2 * i) + 1] = (ulong)lengths[start + i];
                end += (ulong)lengths[start + i];
            }

            if (NativeVectors.ReserveList(vector.Handle, end) != 0 || NativeVectors.SetListSize(vector.Handle, end) != 0)
            {
                throw new InvalidOperationException("The engine refuses room for the elements of lists.");
            }

            var child = NativeVectors.ListChild(vector.Handle);
            for (var part = 0; part < parts.Length; part++)
            {
                var values = isMap ? NativeVectors.StructChild(child, (ulong)part) : child;
                parts[part].Read(NativeVector.Of(values), checked((int)had), (int)(end - had));
            }
        }
    }

    private sealed class ArrayColumn(BlockColumn element, int length) : BlockColumn
    {
        protected override void OpenValues(ref byte* at, int rows) => element.Open(ref at, checked(rows * length));

        protected override void ReadValues(NativeVector vector, int row, int start, int count) => element.Read(
            NativeVector.Of(NativeVectors.ArrayChild(vector.Handle)), row * length, count * length);
    }

    private sealed class StructColumn(BlockColumn[] fields) : BlockColumn
    {
        protected override void OpenValues(ref byte* at, int rows)
        {
            foreach (var field in fields)
            {
                field.Open(ref at, rows);
            }
        }

        protected override void ReadValues(NativeVector vector, int row, int start, int count)
        {
            for (var i = 0; i < fields.Length; i++)
            {
                fields[i].Read(NativeVector.Of(NativeVectors.StructChild(vector.Handle, (ulong)i)), row, count);
            }
        }
    }

    private static int[] LengthsOf(int[] had, ref byte* at, int rows, out long sum)
    {
        var lengths = had.Length >= rows ? had : new int[Math.Max(rows, ExchangeFile.MostRows)];
        var numbers = Numbers.At<int>(ref at, rows);
        fixed (int* to = lengths)
        {
            numbers.Read(0, rows, to);
        }

        sum = 0;
        for (var i = 0; i < rows; i++)
        {
            sum += lengths[i];
        }

        return lengths;
    }
}
