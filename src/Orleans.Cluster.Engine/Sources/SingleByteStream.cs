namespace Orleans.Cluster.Engine.Sources;

/// <summary>A text of one byte a character as UTF-8.</summary>
internal sealed class SingleByteStream(Stream inner, SingleByteText map) : ForwardStream
{
    private readonly byte[] _block = new byte[64 << 10];
    private readonly List<byte> _text = [];
    private int _sent;

    public override int Read(Span<byte> buffer)
    {
        if (_sent == _text.Count)
        {
            _text.Clear();
            _sent = 0;
            map.Append(_block.AsSpan(0, inner.Read(_block)), _text);
        }

        var count = Math.Min(buffer.Length, _text.Count - _sent);
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_text).Slice(_sent, count).CopyTo(buffer);
        _sent += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
