using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Parts of JSON text in a window. Each step answers where the next one begins, or null where the text is not what it looks for.
/// None goes beyond the end of a line, since no part of JSON has one, and the bytes behind a window are zero.
/// </summary>
internal static unsafe class JsonTokens
{
    /// <summary>Objects and lists inside each other; deeper ones are left to others.</summary>
    private const int MaxDepth = 500;

    /// <summary>Behind spaces and tabs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* SkipSpace(byte* at)
    {
        while (*at <= (byte)' ' && *at is (byte)' ' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    /// <summary>The first quote, backslash or control character of a text, from inside it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* FindSpecial(byte* at)
    {
        while (true)
        {
            var block = Vector256.Load(at);
            var special = Vector256.Equals(block, Vector256.Create((byte)'"'))
                | Vector256.Equals(block, Vector256.Create((byte)'\\'))
                | Vector256.Equals(Vector256.Min(block, Vector256.Create((byte)0x1F)), block);
            var bits = special.ExtractMostSignificantBits();
            if (bits != 0)
            {
                return at + BitOperations.TrailingZeroCount(bits);
            }

            at += Vector256<byte>.Count;
        }
    }

    /// <summary>The closing quote of a text without escapes, from inside it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* FindQuote(byte* at)
    {
        at = FindSpecial(at);
        return *at == (byte)'"' ? at : null;
    }

    /// <summary>The closing quote of a text, from inside it. Its escapes are not looked at.</summary>
    public static byte* FindEnd(byte* at)
    {
        while (true)
        {
            at = FindSpecial(at);
            if (*at != (byte)'\\')
            {
                return *at == (byte)'"' ? at : null;
            }

            // An escaped line end is none.
            if (at[1] < 0x20)
            {
                return null;
            }

            at += 2;
        }
    }

    /// <summary>Behind a value, as far as quotes and brackets tell. What is between them is not looked at.</summary>
    public static byte* SkipValue(byte* at)
    {
        var depth = 0;
        while (true)
        {
            switch (*at)
            {
                case (byte)'"':
                    at = FindEnd(at + 1);
                    if (at is null)
                    {
                        return null;
                    }

                    break;
                case (byte)'{' or (byte)'[':
                    if (++depth > MaxDepth)
                    {
                        return null;
                    }

                    break;
                case (byte)'}' or (byte)']':
                    depth--;
                    break;
                case < 0x20 and not (byte)'\t':
                    return null;
            }

            at++;
            if (depth == 0 && *at is (byte)',' or (byte)'}' or (byte)']' or (byte)' ' or (byte)'\t')
            {
                return at;
            }

            if (depth < 0)
            {
                return null;
            }
        }
    }

    /// <summary>Behind the word <c>null</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* SkipNull(byte* at) => Unsafe.ReadUnaligned<uint>(at) == 0x6C6C_756E ? at + 4 : null;
}
