using Orleans.Cluster.InsideContracts;

namespace Orleans.Cluster.InsideClient;

/// <summary>
/// A file of rows at a gateway, fetched piece by piece while it is read: neither end holds more than one piece.
/// </summary>
internal sealed class RowsStream(IRowsGrain rows, RowsHead head, InsideCalls calls) : Stream
{
    private ReadOnlyMemory<byte> piece;
    private long fetched;
    private bool isClosed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => head.Bytes;

    public override long Position
    {
        get => fetched - piece.Length;
        set => throw new NotSupportedException();
    }

    /// <summary>Waits until the rows are written, then reads them.</summary>
    public static async Task<RowsStream> OpenAsync(
        IRowsGrain rows, RowsRequest request, InsideCalls calls, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await calls.Repeat(() => rows.Open(request), cancellationToken) is { } head)
            {
                return new RowsStream(rows, head, calls);
            }
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(isClosed, this);
        if (piece.IsEmpty && fetched < head.Bytes && !buffer.IsEmpty)
        {
            piece = await calls.Repeat(() => rows.Read(fetched), cancellationToken) is { Length: > 0 } next
                ? next
                // Another gateway could write the rows again, but nothing says that it would write the same bytes.
                : throw calls.Unreachable(new IOException("The gateway that had the rows has ended. Read them again."));
            fetched += piece.Length;
        }

        var count = Math.Min(buffer.Length, piece.Length);
        piece[..count].CopyTo(buffer);
        piece = piece[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !isClosed)
        {
            isClosed = true;
            // One way, so there is nothing to wait for; if it is lost the gateway tidies up by itself.
            rows.Close().Ignore();
        }

        base.Dispose(disposing);
    }
}
