using Amazon.Runtime;

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
            TryClose();
        }

        base.Dispose(disposing);
    }

    private async Task<int> TryRead(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        content ??= await openAt(position, cancellationToken) ?? throw new ObjectStoreException(
            $"{path} was removed while it was read.", ObjectStoreFault.Refused);
        int read;
        try
        {
            read = await content.ReadAsync(buffer, cancellationToken);
        }
        catch
        {
            TryClose();
            throw;
        }

        if (read == 0)
        {
            TryClose();
            throw new EndOfStreamException($"{path} ended at byte {position} of {bytes}.");
        }

        return position + read < bytes || TryClose() ? read : throw new ObjectStoreException(
            $"{path} is not what its ETag says: it was replaced while it was read, or is damaged.", ObjectStoreFault.Refused);
    }

    // The SDK compares the hash of the whole with the ETag when its content is closed. False when they differ.
    private bool TryClose()
    {
        try
        {
            content?.Dispose();
            return true;
        }
        catch (AmazonClientException)
        {
            return false;
        }
        finally
        {
            content = null;
        }
    }
}
