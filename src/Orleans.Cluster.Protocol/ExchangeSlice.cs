using System.Buffers.Text;

namespace Orleans.Cluster.Protocol;

/// <summary>The rows of one target in the file of an attempt.</summary>
/// <param name="Target">The target.</param>
/// <param name="Offset">Its first byte.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Rows">Its rows.</param>
public readonly record struct ExchangePart(int Target, long Offset, long Bytes, long Rows);

/// <summary>
/// What a task reads of the one file that an attempt of an exchange writes: its header, and the parts of some targets.
/// </summary>
/// <param name="FileBytes">Bytes of the file.</param>
/// <param name="HeaderBytes">Bytes before its first part.</param>
/// <param name="Parts">By target; of one target in the order of its rows.</param>
public sealed record ExchangeSlice(long FileBytes, int HeaderBytes, IReadOnlyList<ExchangePart> Parts)
{
    /// <summary>Names the packed form, should there ever be another.</summary>
    private const byte Version = 1;

    /// <summary>
    /// Text that holds all parts of a file, which follow each other in it: as <see cref="Parse"/> reads it. Of 512 targets with
    /// 400 rows each 3.5 KB, so that 10,000 attempts of such an exchange take 35 MB in the database.
    /// </summary>
    /// <param name="headerBytes">Bytes before the first part.</param>
    /// <param name="parts">The parts, as they follow each other.</param>
    public static string Format(int headerBytes, IReadOnlyList<ExchangePart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var packed = new List<byte>(3 + (6 * parts.Count)) { Version };
        Write(packed, headerBytes);
        var target = 0;
        foreach (var part in parts)
        {
            // A file that was written in several runs begins with the first target again.
            var step = part.Target - target;
            Write(packed, ((long)step << 1) ^ (step >> 31));
            Write(packed, part.Bytes);
            Write(packed, part.Rows);
            target = part.Target;
        }

        return Base64Url.EncodeToString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(packed));
    }

    /// <summary>All parts of a file, by target.</summary>
    /// <exception cref="FormatException">It is no such text, or one of a version that is not known here.</exception>
    public static ExchangeSlice Parse(string text)
    {
        var packed = Base64Url.DecodeFromChars(text);
        if (packed is not [Version, ..])
        {
            throw new FormatException("The index of an exchange file is of a version that is not known here.");
        }

        var at = 1;
        var header = (int)Read(packed, ref at);
        var parts = new List<ExchangePart>();
        var (target, offset) = (0, (long)header);
        while (at < packed.Length)
        {
            var step = Read(packed, ref at);
            target += (int)((step >> 1) ^ -(step & 1));
            var bytes = Read(packed, ref at);
            parts.Add(new ExchangePart(target, offset, bytes, Read(packed, ref at)));
            offset += bytes;
        }

        return new ExchangeSlice(offset, header, [.. parts.OrderBy(part => part.Target)]);
    }

    private static void Write(List<byte> to, long value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            to.Add((byte)(value | 0x80));
        }

        to.Add((byte)value);
    }

    private static long Read(byte[] from, ref int at)
    {
        var (value, shift) = (0L, 0);
        while (true)
        {
            var next = from[at++];
            value |= (long)(next & 0x7F) << shift;
            if (next <= 0x7F)
            {
                return value;
            }

            shift += 7;
        }
    }
}
