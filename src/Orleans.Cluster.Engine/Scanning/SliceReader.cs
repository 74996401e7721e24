using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>The text of some slices, window by window, and where in the files it is.</summary>
/// <param name="slices">Slices of one layout, in order.</param>
/// <param name="format">What they hold.</param>
/// <param name="windowBytes">Bytes that are looked at before it reads on.</param>
internal sealed class SliceReader(IReadOnlyList<FileSlice> slices, SourceFormat format, int windowBytes) : IDisposable
{
    private readonly TextWindow _window = new(windowBytes);
    private readonly SingleByteText? _map = SingleByteText.For(slices[0].File.Encoding);
    private Stream? _stream;
    private int _slice = -1;
    private long _line;
    private long _offset;

    public TextWindow Window => _window;

    /// <summary>The slice that is being read.</summary>
    public FileSlice Slice => slices[_slice];

    /// <summary>Whether it is the last one.</summary>
    public bool IsLastSlice => _slice == slices.Count - 1;

    /// <summary>Goes to the next slice.</summary>
    /// <returns>False when there is none.</returns>
    public bool NextSlice()
    {
        _stream?.Dispose();
        _stream = null;
        if (IsLastSlice || slices.Count == 0)
        {
            return false;
        }

        _slice++;
        var slice = Slice;
        _stream = SourceStreams.OpenRecords(slice, format);
        if (_map is not null)
        {
            _stream = new SingleByteStream(_stream, _map);
        }

        _line = slice.FirstLine;
        _offset = slice.OriginPath is not null ? slice.OriginOffset
            : slice.Inflated?.Start ?? (slice.File.Compression == SourceCompression.None ? slice.Start : slice.File.DataStart);
        _window.Clear();
        return true;
    }

    /// <summary>Reads on behind what was looked at.</summary>
    public void Fill()
    {
        var done = _window.Span(0, _window.Start);
        _line += LineCounter.Count(done);
        _offset += SourceBytes(done);
        _window.Fill(_stream!, () => $"{Path}, line {_line}, byte {_offset}");
    }

    /// <summary>A record of the window as a row that does not fit.</summary>
    public BadRow Describe(int start, int end, string? column, ReadOnlySpan<byte> value, string? expected, string reason)
    {
        var before = _window.Span(0, start);
        return new BadRow(
            Path, _line + LineCounter.Count(before), _offset + SourceBytes(before), column,
            column is null ? null : System.Text.Encoding.UTF8.GetString(value), expected, reason,
            System.Text.Encoding.UTF8.GetString(_window.Span(start, end)));
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _window.Dispose();
    }

    private string Path => Slice.OriginPath ?? Slice.File.Stamp.Path;

    // Of a text with one byte a character in its file, each character is one of its bytes there.
    private long SourceBytes(ReadOnlySpan<byte> text)
    {
        if (_map is null)
        {
            return text.Length;
        }

        long characters = 0;
        foreach (var b in text)
        {
            characters += (b & 0xC0) == 0x80 ? 0 : 1;
        }

        return characters;
    }
}
