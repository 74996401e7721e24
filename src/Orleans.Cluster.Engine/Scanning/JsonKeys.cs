using System.Runtime.CompilerServices;
using System.Text;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>The keys of records, found again mostly where the last record had them.</summary>
internal sealed unsafe class JsonKeys
{
    private const int MostPacked = 7;

    private readonly byte[][] _keys;
    private readonly ulong[] _packed;
    private readonly ulong[] _masks;
    private Dictionary<string, int>? _numbers;

    /// <param name="keys">As UTF-8, without escapes.</param>
    public JsonKeys(IReadOnlyList<byte[]> keys)
    {
        _keys = [.. keys];
        _packed = new ulong[_keys.Length];
        _masks = new ulong[_keys.Length];
        for (var i = 0; i < _keys.Length; i++)
        {
            // With the quote behind it. A longer key begins so.
            byte[] quoted = [.. _keys[i], (byte)'"'];
            for (var b = 0; b < Math.Min(quoted.Length, sizeof(ulong)); b++)
            {
                _packed[i] |= (ulong)quoted[b] << (8 * b);
                _masks[i] |= 0xFFUL << (8 * b);
            }
        }
    }

    /// <summary>How many there are.</summary>
    public int Count => _keys.Length;

    /// <summary>Whether one key stands in a text, and then where it ends.</summary>
    /// <param name="at">Behind its opening quote; behind its closing one then.</param>
    /// <param name="key">Its number.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsAt(ref byte* at, int key)
    {
        if ((Unsafe.ReadUnaligned<ulong>(at) & _masks[key]) != _packed[key])
        {
            return false;
        }

        var length = _keys[key].Length;
        if (length > MostPacked && (at[length] != (byte)'"' || !new ReadOnlySpan<byte>(at, length).SequenceEqual(_keys[key])))
        {
            return false;
        }

        at += length + 1;
        return true;
    }

    /// <summary>The number of a key; -1 when there is none.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        _numbers ??= _keys.Index()
            .ToDictionary(pair => Encoding.Latin1.GetString(pair.Item), pair => pair.Index, StringComparer.Ordinal);
        Span<char> text = key.Length <= 256 ? stackalloc char[key.Length] : new char[key.Length];
        Encoding.Latin1.GetChars(key, text);
        return _numbers.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var number) ? number : -1;
    }
}
