using System.Numerics;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>
/// Numbers of one width in a block: a byte that says how wide they are kept, the number that they are counted from where that is
/// less than their own width, then themselves. Equal ones take no width at all.
/// </summary>
internal static unsafe class Numbers
{
    // Of 0 to 8 bytes each; this stands for their own width, without a number that they are counted from.
    private const byte Whole = 255;

    /// <summary>Writes numbers to the end of a block.</summary>
    /// <param name="block">Gets them.</param>
    /// <param name="values">The numbers, as signed ones: unsigned ones and those of other kinds come back all the same.</param>
    /// <param name="count">How many.</param>
    /// <param name="isWhole">Whether they lie close together as a rule; otherwise only equal ones are made narrower.</param>
    public static void Write<T>(NativeBuffer block, T* values, int count, bool isWhole)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (least, most) = Bounds(values, count);
        var width = isWhole || least == most ? WidthOf(least, most) : Whole;
        if (width >= sizeof(T))
        {
            block.AddValue(Whole);
            var bytes = (long)count * sizeof(T);
            Buffer.MemoryCopy(values, block.Add(bytes), bytes, bytes);
            return;
        }

        block.AddValue(width);
        block.AddValue(least);
        switch (width)
        {
            case 1:
                Narrow<T, byte>(values, count, least, (byte*)block.Add(count));
                break;
            case 2:
                Narrow<T, ushort>(values, count, least, (ushort*)block.Add(2L * count));
                break;
            case 4:
                Narrow<T, uint>(values, count, least, (uint*)block.Add(4L * count));
                break;
            case 8:
                Narrow<T, ulong>(values, count, least, (ulong*)block.Add(8L * count));
                break;
        }
    }

    /// <summary>Where numbers of a block are.</summary>
    /// <param name="at">The first byte; behind the last when it returns.</param>
    /// <param name="count">How many they are.</param>
    public static NumbersAt<T> At<T>(ref byte* at, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        var width = *at++;
        if (width == Whole)
        {
            var found = new NumbersAt<T>(at, sizeof(T), default);
            at += (long)count * sizeof(T);
            return found;
        }

        var least = *(T*)at;
        at += sizeof(T);
        var narrow = new NumbersAt<T>(at, width, least);
        at += (long)count * width;
        return narrow;
    }

    private static (T Least, T Most) Bounds<T>(T* values, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (count == 0)
        {
            return (default, default);
        }

        var (least, most) = (values[0], values[0]);
        for (var i = 1; i < count; i++)
        {
            least = values[i] < least ? values[i] : least;
            most = values[i] > most ? values[i] : most;
        }

        return (least, most);
    }

    private static byte WidthOf<T>(T least, T most)
        where T : unmanaged, IBinaryInteger<T>
    {
        var range = UInt128.CreateTruncating(most) - UInt128.CreateTruncating(least);
        return range == 0 ? (byte)0
            : range <= byte.MaxValue ? (byte)1
            : range <= ushort.MaxValue ? (byte)2
            : range <= uint.MaxValue ? (byte)4
            : range <= ulong.MaxValue ? (byte)8 : Whole;
    }

    private static void Narrow<T, TNarrow>(T* values, int count, T least, TNarrow* to)
        where T : unmanaged, IBinaryInteger<T>
        where TNarrow : unmanaged, IBinaryInteger<TNarrow>
    {
        for (var i = 0; i < count; i++)
        {
            to[i] = TNarrow.CreateTruncating(unchecked(values[i] - least));
        }
    }
}

/// <summary>Numbers of a block.</summary>
internal readonly unsafe struct NumbersAt<T>(byte* values, int width, T least)
    where T : unmanaged, IBinaryInteger<T>
{
    /// <summary>Copies some of them.</summary>
    public void Read(int start, int count, T* to)
    {
        if (width == sizeof(T))
        {
            Buffer.MemoryCopy(values + ((long)start * width), to, (long)count * width, (long)count * width);
            return;
        }

        switch (width)
        {
            case 0:
                new Span<T>(to, count).Fill(least);
                break;
            case 1:
                Widen(values + start, count, to);
                break;
            case 2:
                Widen((ushort*)values + start, count, to);
                break;
            case 4:
                Widen((uint*)values + start, count, to);
                break;
            default:
                Widen((ulong*)values + start, count, to);
                break;
        }
    }

    private void Widen<TNarrow>(TNarrow* from, int count, T* to)
        where TNarrow : unmanaged, IBinaryInteger<TNarrow>
    {
        for (var i = 0; i < count; i++)
        {
            to[i] = unchecked(least + T.CreateTruncating(from[i]));
        }
    }
}
