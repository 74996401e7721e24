using System.Runtime.InteropServices;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// A part of a text that stays in the processor's cache while it is looked at, outside the collected heap, so that the engine's
/// strings may point into it. It begins with a record, and grows for one that is larger.
/// </summary>
internal sealed unsafe class TextWindow(int bytes) : IDisposable
{
    /// <summary>Stays in a processor's cache, and is read from a file at little cost.</summary>
    public const int DefaultBytes = 1 << 20;

    private byte* _text = Allocate(bytes);
    private int _capacity = bytes;

    /// <summary>The bytes, with <see cref="RecordScanner.Padding"/> more behind <see cref="End"/>.</summary>
    public byte* Text => _text;

    /// <summary>First byte that was not looked at yet.</summary>
    public int Start { get; set; }

    /// <summary>Behind the last byte.</summary>
    public int End { get; private set; }

    /// <summary>Whether nothing follows.</summary>
    public bool IsLast { get; private set; }

    /// <summary>The bytes between two places.</summary>
    public ReadOnlySpan<byte> Span(int start, int end) => new(_text + start, end - start);

    /// <summary>Forgets all, for another text.</summary>
    public void Clear() => (Start, End, IsLast) = (0, 0, false);

    /// <summary>Forgets what was looked at, and reads on until it is full. Whatever pointed into it is void.</summary>
    /// <exception cref="EngineException">A record is longer than <see cref="RecordPump.MaxRecordBytes"/>.</exception>
    public void Fill(Stream source, Func<string> place)
    {
        var held = End - Start;
        if (held == _capacity)
        {
            Grow(held, place);
        }
        else
        {
            Buffer.MemoryCopy(_text + Start, _text, _capacity, held);
        }

        (Start, End) = (0, held);
        while (End < _capacity && !IsLast)
        {
            var read = source.Read(new Span<byte>(_text + End, _capacity - End));
            IsLast = read == 0;
            End += read;
        }

        NativeMemory.Clear(_text + End, RecordScanner.Padding);
    }

    public void Dispose()
    {
        NativeMemory.Free(_text);
        _text = null;
    }

    private static byte* Allocate(int bytes) => (byte*)NativeMemory.Alloc((nuint)bytes + RecordScanner.Padding);

    private void Grow(int held, Func<string> place)
    {
        if (_capacity >= RecordPump.MaxRecordBytes)
        {
            throw new EngineException(
                FailureKind.BadData,
                $"{place()}: the record is longer than {RecordPump.MaxRecordBytes >> 20} MiB. Is a quote left open, or is "
                + "options.quote wrong?");
        }

        var capacity = Math.Min(_capacity * 4, RecordPump.MaxRecordBytes);
        var larger = Allocate(capacity);
        Buffer.MemoryCopy(_text + Start, larger, capacity, held);
        NativeMemory.Free(_text);
        _text = larger;
        _capacity = capacity;
    }
}
