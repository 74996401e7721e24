namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Fields of a type with values of one size. Spaces around a value are left out; a quoted value is read as if it were not, but is
/// never NULL.
/// </summary>
internal sealed unsafe class ValueReader<T, TParser>(TextForm form, TParser parser) : ColumnReader
    where T : unmanaged
    where TParser : struct, IFieldParser<T>
{
    private readonly NullWords _nulls = new(form);
    private readonly TParser _parser = parser;

    public override void Read(byte* text, int* starts, int* ends, int rows, ColumnVector vector, List<int> rejected)
    {
        var values = (T*)vector.Data;
        ulong* validity = null;
        var parser = _parser;
        for (var row = 0; row < rows; row++)
        {
            var start = text + starts[row];
            var end = text + ends[row];
            if (start == end ? _nulls.IncludesEmpty : _nulls.Includes(start, end))
            {
                validity = validity is null ? vector.Validity() : validity;
                validity[row >> 6] &= ~(1UL << (row & 63));
                continue;
            }

            if (!parser.TryParse(start, end, out values[row]) && !TryTrimmed(ref parser, start, end, out values[row]))
            {
                rejected.Add(row);
            }
        }
    }

    private bool TryTrimmed(ref TParser parser, byte* start, byte* end, out T value)
    {
        if (end - start >= 2 && form.Quote is { } quote && *start == quote)
        {
            start++;
            end--;
        }

        while (start < end && *start is (byte)' ' or (byte)'\t')
        {
            start++;
        }

        while (start < end && end[-1] is (byte)' ' or (byte)'\t')
        {
            end--;
        }

        return parser.TryParse(start, end, out value);
    }
}
