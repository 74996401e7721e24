using System.Numerics;
using System.Runtime.CompilerServices;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Decimal digits, eight bytes at a time: how many begin a text and what they say, without a branch for each of them. Eight bytes
/// are read wherever a run begins; windows and arenas have as many behind their texts.
/// </summary>
internal static unsafe class DigitRun
{
    /// <summary>Digits of one word.</summary>
    public const int Most = sizeof(ulong);

    private const ulong Zeros = 0x3030_3030_3030_3030;
    private const ulong AboveNine = 0x7676_7676_7676_7676;
    private const ulong TopBits = 0x8080_8080_8080_8080;

    private static ReadOnlySpan<ulong> Powers =>
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

    /// <summary>How many of the next eight bytes are digits, up to the first that is none.</summary>
    /// <param name="at">A text.</param>
    /// <param name="word">Their values, the first in the lowest byte.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Count(byte* at, out ulong word)
    {
        // A byte that is no digit may borrow from the ones above it or carry into them; none of these is looked at.
        word = Unsafe.ReadUnaligned<ulong>(at) - Zeros;
        return BitOperations.TrailingZeroCount((word | (word + AboveNine)) & TopBits) >> 3;
    }

    /// <summary>The number that the first digits of a word are, of which there is at least one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Value(ulong word, int count)
    {
        // The first digit goes where zeros in front of it would leave it; then pairs, fours and the eight are put together.
        word <<= 8 * (Most - count);
        word = (word * 10) + (word >> 8);
        return (((word & 0x0000_00FF_0000_00FF) * 0x000F_4240_0000_0064)
            + (((word >> 16) & 0x0000_00FF_0000_00FF) * 0x0000_2710_0000_0001)) >> 32;
    }

    /// <summary>A number with so many digits behind it, at most eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Append(ulong number, ulong word, int count) => (number * Powers[count]) + Value(word, count);

    /// <summary>Reads all digits that follow; the number is right for at most 19.</summary>
    /// <returns>Behind them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Read(byte* at, ref ulong number)
    {
        int count;
        do
        {
            count = Count(at, out var word);
            if (count > 0)
            {
                number = Append(number, word, count);
                at += count;
            }
        }
        while (count == Most);

        return at;
    }
}
