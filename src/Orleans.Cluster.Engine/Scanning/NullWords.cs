using System.Runtime.CompilerServices;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>Words that mean NULL when they stand unquoted.</summary>
internal readonly unsafe struct NullWords(TextForm form)
{
    private readonly byte[][] _words = form.NullWords;
    private readonly int _longest = form.LongestNullWord;

    /// <summary>Whether nothing at all is one.</summary>
    public readonly bool IncludesEmpty = form.EmptyIsNull;

    /// <summary>Whether a text that is not empty is one. A quoted text begins with its quote, and so is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Includes(byte* start, byte* end) => end - start <= _longest && Find(start, end);

    private bool Find(byte* start, byte* end)
    {
        var text = new ReadOnlySpan<byte>(start, (int)(end - start));
        foreach (var word in _words)
        {
            if (text.SequenceEqual(word))
            {
                return true;
            }
        }

        return false;
    }
}
