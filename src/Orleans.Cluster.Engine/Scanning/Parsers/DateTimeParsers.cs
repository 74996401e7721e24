namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// DATE: <c>2024-01-31</c>, also with one digit for month or day and with <c>/</c>, or <c>infinity</c>, <c>-infinity</c>. A time
/// of day behind it must be midnight: any other would be lost.
/// </summary>
internal readonly unsafe struct DateParser : IFieldParser<int>
{
    public bool TryParse(byte* start, byte* end, out int value)
    {
        var text = new DateTimeText(start, end);
        if (text.TryDate(out value))
        {
            return text.IsAtEnd
                || ((text.Skip((byte)' ') || text.Skip((byte)'T')) && text.TryTime(out var seconds, out var rest) && text.IsAtEnd
                    && seconds == 0 && rest == 0);
        }

        text = new DateTimeText(start, end);
        value = text.Next == (byte)'-' ? -DateTimeText.Infinity : DateTimeText.Infinity;
        text.Skip((byte)'-');
        return text.IsRest("infinity"u8);
    }
}

/// <summary>TIME: <c>hours:minutes[:seconds[.fraction]]</c>, with a fraction of whole microseconds.</summary>
internal readonly unsafe struct TimeParser : IFieldParser<long>
{
    public bool TryParse(byte* start, byte* end, out long value)
    {
        var text = new DateTimeText(start, end);
        var fits = text.TryTime(out var seconds, out var picoseconds) && text.IsAtEnd && picoseconds % 1_000_000 == 0;
        value = (seconds * 1_000_000L) + (picoseconds / 1_000_000);
        return fits;
    }
}

/// <summary>
/// TIMESTAMP and those of other units: a date, then <c>T</c> or a space and a time of day, or none for midnight; an offset is
/// taken off, so that the value is in UTC; or <c>infinity</c>, <c>-infinity</c>. A fraction must be a whole number of the type's
/// units: nothing is cut off.
/// </summary>
/// <param name="unitsPerSecond">1 to 10^9.</param>
internal readonly unsafe struct TimestampParser(long unitsPerSecond) : IFieldParser<long>
{
    private readonly long _picosecondsPerUnit = 1_000_000_000_000 / unitsPerSecond;

    public bool TryParse(byte* start, byte* end, out long value)
    {
        value = 0;
        var text = new DateTimeText(start, end);
        if (!text.TryDate(out var days))
        {
            text = new DateTimeText(start, end);
            value = text.Next == (byte)'-' ? -long.MaxValue : long.MaxValue;
            text.Skip((byte)'-');
            return text.IsRest("infinity"u8);
        }

        var (seconds, picoseconds, offset) = (0, 0L, 0);
        if (!text.IsAtEnd
            && ((!text.Skip((byte)'T') && !text.Skip((byte)' ')) || !text.TryTime(out seconds, out picoseconds)
                || !text.TryZone(out offset) || !text.IsAtEnd))
        {
            return false;
        }

        if (picoseconds % _picosecondsPerUnit != 0)
        {
            return false;
        }

        var units = ((Int128)((days * 86_400L) + seconds - offset) * unitsPerSecond) + (picoseconds / _picosecondsPerUnit);
        value = (long)units;
        return units > -long.MaxValue && units < long.MaxValue;
    }
}

/// <summary>UUID: 32 hexadecimal digits in groups of 8, 4, 4, 4, 12 with hyphens or without any, in braces or not.</summary>
internal readonly unsafe struct UuidParser : IFieldParser<Int128>
{
    public bool TryParse(byte* start, byte* end, out Int128 value)
    {
        value = default;
        if (end - start >= 2 && *start == (byte)'{' && end[-1] == (byte)'}')
        {
            start++;
            end--;
        }

        var form = (end - start) switch { 36 => 'D', 32 => 'N', _ => ' ' };
        if (form == ' '
            || !Guid.TryParseExact(
                System.Text.Encoding.ASCII.GetString(start, (int)(end - start)), form.ToString(), out var guid))
        {
            return false;
        }

        // The engine turns the first bit over, so that order of numbers is order of texts.
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes, bigEndian: true, out _);
        value = (Int128)(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes) ^ ((UInt128)1 << 127));
        return true;
    }
}
