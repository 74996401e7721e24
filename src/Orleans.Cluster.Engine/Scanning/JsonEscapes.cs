using System.Text;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>Texts of JSON with escapes as what they mean.</summary>
internal static unsafe class JsonEscapes
{
    /// <summary>Writes a text without its escapes.</summary>
    /// <param name="start">Its first byte.</param>
    /// <param name="end">Its closing quote.</param>
    /// <param name="target">Room for as many bytes.</param>
    /// <returns>Bytes written; -1 where an escape is none, or means half a character or NUL.</returns>
    public static int Decode(byte* start, byte* end, byte* target)
    {
        var to = target;
        while (start < end)
        {
            if (*start != (byte)'\\')
            {
                *to++ = *start++;
                continue;
            }

            var escape = start[1];
            start += 2;
            if (escape == (byte)'u')
            {
                if (!TryCharacter(ref start, end, out var rune))
                {
                    return -1;
                }

                to += rune.EncodeToUtf8(new Span<byte>(to, 4));
                continue;
            }

            var plain = Plain(escape);
            if (plain == 0)
            {
                return -1;
            }

            *to++ = plain;
        }

        return (int)(to - target);
    }

    private static byte Plain(byte escape) => escape switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' => escape,
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => 0,
    };

    // Behind the u; also the second half of a character that has two.
    private static bool TryCharacter(ref byte* at, byte* end, out Rune rune)
    {
        rune = default;
        if (!TryUnit(ref at, end, out var first) || first == 0)
        {
            return false;
        }

        if (!char.IsSurrogate(first))
        {
            rune = new Rune(first);
            return true;
        }

        if (end - at < 6 || at[0] != (byte)'\\' || at[1] != (byte)'u')
        {
            return false;
        }

        at += 2;
        return TryUnit(ref at, end, out var second) && Rune.TryCreate(first, second, out rune);
    }

    private static bool TryUnit(ref byte* at, byte* end, out char unit)
    {
        unit = '\0';
        if (end - at < 4)
        {
            return false;
        }

        var value = 0;
        for (var i = 0; i < 4; i++)
        {
            if (!char.IsAsciiHexDigit((char)at[i]))
            {
                return false;
            }

            value = (value * 16) + (at[i] <= (byte)'9' ? at[i] - (byte)'0' : (at[i] | 0x20) - (byte)'a' + 10);
        }

        at += 4;
        unit = (char)value;
        return true;
    }
}
