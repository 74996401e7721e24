using System.Buffers;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Exchange;

/// <content>Values that have parts, which are buffers of their own.</content>
internal abstract unsafe partial class ValueBuffer
{
    // Elements of all rows one behind the other; of a map keys and values.
    private sealed class ListBuffer(ValueBuffer[] parts, bool isMap) : ValueBuffer
    {
        private readonly NativeBuffer ends = new();

        public override long BytesOf(RowRange range)
        {
            var elements = Elements(range);
            var bytes = (range.End - range.Start) * sizeof(int);
            foreach (var part in parts)
            {
                bytes += part.BytesOf(elements);
            }

            return bytes;
        }

        public override void Clear()
        {
            base.Clear();
            ends.Clear();
            Array.ForEach(parts, part => part.Clear());
        }

        public override void Dispose()
        {
            base.Dispose();
            ends.Dispose();
            Array.ForEach(parts, part => part.Dispose());
        }

        protected override void AppendValues(NativeVector vector, ulong* valid, ReadOnlySpan<int> rows)
        {
            var entries = (ulong*)vector.Data;
            long count = 0;
            foreach (var row in rows)
            {
                count += IsValid(valid, row) ? (long)entries[(2 * row) + 1] : 0;
            }

            var elements = ArrayPool<int>.Shared.Rent(checked((int)count));
            var to = (long*)ends.Add(rows.Length * sizeof(long));
            var (before, used) = (parts[0].Rows, 0);
            for (var i = 0; i < rows.Length; i++)
            {
                if (IsValid(valid, rows[i]))
                {
                    var (start, length) = ((int)entries[2 * rows[i]], (int)entries[(2 * rows[i]) + 1]);
                    for (var element = 0; element < length; element++)
                    {
                        elements[used++] = start + element;
                    }
                }

                to[i] = before + used;
            }

            var child = NativeVectors.ListChild(vector.Handle);
            for (var part = 0; part < parts.Length; part++)
            {
                var values = isMap ? NativeVectors.StructChild(child, (ulong)part) : child;
                parts[part].Append(NativeVector.Of(values), elements.AsSpan(0, used));
            }

            ArrayPool<int>.Shared.Return(elements);
        }

        protected override void EncodeValues(NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges)
        {
            EncodeLengths(ends, block, scratch, ranges);
            var elements = new RowRange[ranges.Length];
            for (var i = 0; i < ranges.Length; i++)
            {
                elements[i] = Elements(ranges[i]);
            }

            foreach (var part in parts)
            {
                part.Encode(block, scratch, elements);
            }
        }

        private RowRange Elements(RowRange range) => new(EndOf(range.Start), EndOf(range.End));

        private long EndOf(long rows) => rows == 0 ? 0 : ((long*)ends.Data)[rows - 1];
    }

    // A fixed number of elements a row, NULL or not.
    private sealed class ArrayBuffer(ValueBuffer element, int length) : ValueBuffer
    {
        public override long BytesOf(RowRange range) => element.BytesOf(Elements(range));

        public override void Clear()
        {
            base.Clear();
            element.Clear();
        }

        public override void Dispose()
        {
            base.Dispose();
            element.Dispose();
        }

        protected override void AppendValues(NativeVector vector, ulong* valid, ReadOnlySpan<int> rows)
        {
            var elements = new int[rows.Length * length];
            for (var i = 0; i < elements.Length; i++)
            {
                elements[i] = (rows[i / length] * length) + (i % length);
            }

            element.Append(NativeVector.Of(NativeVectors.ArrayChild(vector.Handle)), elements);
        }

        protected override void EncodeValues(NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges)
        {
            var elements = new RowRange[ranges.Length];
            for (var i = 0; i < ranges.Length; i++)
            {
                elements[i] = Elements(ranges[i]);
            }

            element.Encode(block, scratch, elements);
        }

        private RowRange Elements(RowRange range) => new(range.Start * length, range.End * length);
    }

    private sealed class StructBuffer(ValueBuffer[] fields) : ValueBuffer
    {
        public override long BytesOf(RowRange range)
        {
            long bytes = 0;
            foreach (var field in fields)
            {
                bytes += field.BytesOf(range);
            }

            return bytes;
        }

        public override void Clear()
        {
            base.Clear();
            Array.ForEach(fields, field => field.Clear());
        }

        public override void Dispose()
        {
            base.Dispose();
            Array.ForEach(fields, field => field.Dispose());
        }

        protected override void AppendValues(NativeVector vector, ulong* valid, ReadOnlySpan<int> rows)
        {
            for (var i = 0; i < fields.Length; i++)
            {
                fields[i].Append(NativeVector.Of(NativeVectors.StructChild(vector.Handle, (ulong)i)), rows);
            }
        }

        protected override void EncodeValues(NativeBuffer block, NativeBuffer scratch, ReadOnlySpan<RowRange> ranges)
        {
            foreach (var field in fields)
            {
                field.Encode(block, scratch, ranges);
            }
        }
    }
}
