namespace Orleans.Cluster.Files.Stores;

/// <summary>The content of an object, read on where a connection broke off.</summary>
internal sealed class ObjectStream(
    S3Path path, Stream first, long bytes, Func<long, CancellationToken, Task<Stream?>> openAt, StorePatience patience) : Stream
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(60);

    private Stream? content = first;
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => bytes;

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (position == bytes || buffer.Length == 0)
        {
            return 0;
        }

        var read = await patience.Ask(path, AnswerWithin, token => TryRead(buffer, token), cancellationToken);
        position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // Whoever reads so has a thread of its own, which has nothing else to do.
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
        if (disposing)
        {
            content?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<int> TryRead(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        content ??= await openAt(position, cancellationToken) ?? throw new ObjectStoreException(
            $"{path} was removed while it was read.", ObjectStoreFault.Refused);
        try
        {
            return await content.ReadAsync(buffer, cancellationToken) is > 0 and var read
                ? read
                : throw new EndOfStreamException($"{path} ended at byte {position} of {bytes}.");
        }
        catch
        {
            await content.DisposeAsync();
            content = null;
            throw;
        }
    }
}
