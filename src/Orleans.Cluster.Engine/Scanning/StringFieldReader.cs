using System.Text.Unicode;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Fields of text as the engine's strings of 16 bytes: the length, then up to 12 bytes of text, or its first 4 and where it is.
/// Longer ones stay where they are, in the window, which lives until the next batch is asked for; one with doubled or escaped
/// quotes is written anew.
/// </summary>
internal sealed unsafe class StringFieldReader(TextForm form, TextArena arena) : ColumnReader
{
    private const int MostInline = 12;

    private readonly NullWords _nulls = new(form);
    private readonly bool _hasQuote = form.Quote is not null;
    private readonly byte _quote = form.Quote ?? 0;

    /// <summary>Whether the window may hold bytes that are no UTF-8, so that each value is looked at.</summary>
    public bool ChecksText { get; set; }

    public override void Read(byte* text, int* starts, int* ends, int rows, ColumnVector vector, List<int> rejected)
    {
        var values = (ulong*)vector.Data;
        ulong* validity = null;
        for (var row = 0; row < rows; row++)
        {
            var start = text + starts[row];
            var length = ends[row] - starts[row];
            if (length == 0 ? _nulls.IncludesEmpty : _nulls.Includes(start, start + length))
            {
                validity = validity is null ? vector.Validity() : validity;
                validity[row >> 6] &= ~(1UL << (row & 63));
                continue;
            }

            if (_hasQuote && length > 0 && *start == _quote)
            {
                start++;
                length -= 2;
                var inner = new ReadOnlySpan<byte>(start, length);
                if (inner.Contains(form.Escape))
                {
                    start = Unescape(inner, out length);
                }
            }

            if (ChecksText && !Utf8.IsValid(new ReadOnlySpan<byte>(start, length)))
            {
                rejected.Add(row);
                continue;
            }

            Write(values + (2 * row), start, length);
        }
    }

    /// <summary>Writes one of the engine's strings; 16 bytes of the text may be read, whatever its length.</summary>
    public static void Write(ulong* value, byte* start, int length)
    {
        var first = *(uint*)start;
        if (length > MostInline)
        {
            value[0] = (uint)length | ((ulong)first << 32);
            value[1] = (ulong)start;
            return;
        }

        // What is behind the text must be zero: strings are compared whole.
        var rest = *(ulong*)(start + 4);
        var (head, tail) = length >= 4
            ? (first, length == 4 ? 0 : rest & (ulong.MaxValue >> (8 * (MostInline - length))))
            : (length == 0 ? 0 : first & (uint.MaxValue >> (8 * (4 - length))), 0UL);
        value[0] = (uint)length | ((ulong)head << 32);
        value[1] = tail;
    }

    // An escape in front of anything but a quote or itself is a character like others.
    private byte* Unescape(ReadOnlySpan<byte> text, out int length)
    {
        var target = arena.Take(text.Length + RecordScanner.Padding);
        var to = target;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == form.Escape && i + 1 < text.Length && (text[i + 1] == _quote || text[i + 1] == form.Escape))
            {
                i++;
            }

            *to++ = text[i];
        }

        length = (int)(to - target);
        return target;
    }
}
