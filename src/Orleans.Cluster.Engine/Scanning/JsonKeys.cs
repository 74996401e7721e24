using System.Runtime.CompilerServices;
using System.Text;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>The keys of records, found again mostly where the last record had them.</summary>
internal sealed unsafe class JsonKeys
{
    private readonly byte[][] _keys;
    private readonly Place[] _places;
    private Dictionary<string, int>? _numbers;

    /// <param name="keys">As UTF-8, without escapes.</param>
    public JsonKeys(IReadOnlyList<byte[]> keys)
    {
        _keys = [.. keys];
        _places = new Place[_keys.Length + 1];
        for (var i = 0; i < _keys.Length; i++)
        {
            // With the quote and the colon behind it. A longer key begins so.
            byte[] text = [.. _keys[i], .. "\":"u8];
            _places[i].Length = text.Length;
            for (var b = 0; b < Math.Min(text.Length, sizeof(ulong)); b++)
            {
                _places[i].Packed |= (ulong)text[b] << (8 * b);
                _places[i].Mask |= 0xFFUL << (8 * b);
            }
        }

        // Behind the last there is none: nothing is like it.
        _places[^1].Packed = 1;
    }

    /// <summary>How many there are.</summary>
    public int Count => _keys.Length;

    /// <summary>
    /// Whether one key stands in a text, with its closing quote and the colon right behind it, and then where these end.
    /// </summary>
    /// <param name="at">Behind its opening quote; behind the colon then.</param>
    /// <param name="key">Its number, or how many there are for none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsAt(ref byte* at, int key)
    {
        ref var place = ref _places[key];
        if ((Unsafe.ReadUnaligned<ulong>(at) & place.Mask) != place.Packed
            || (place.Length > sizeof(ulong) && !IsWhole(at, key)))
        {
            return false;
        }

        at += place.Length;
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

    private bool IsWhole(byte* at, int key)
    {
        // No further than what is behind each window.
        var length = _keys[key].Length;
        return length + 2 <= RecordScanner.Padding
            && new ReadOnlySpan<byte>(at, length).SequenceEqual(_keys[key])
            && at[length] == (byte)'"' && at[length + 1] == (byte)':';
    }

    // A key and what is behind it: its first eight bytes, and how many it has.
    private struct Place
    {
        public ulong Mask;
        public ulong Packed;
        public int Length;
    }
}
