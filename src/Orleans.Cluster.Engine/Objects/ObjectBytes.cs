using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Objects;

/// <summary>
/// The bytes of an object. Who reads here and there gets small pieces, and none behind <see cref="SourceBytes.Until"/>; who reads
/// on gets larger ones, several of them fetched ahead while the ones before are worked on.
/// </summary>
internal sealed class ObjectBytes(ObjectAccess access, ObjectClient client) : SourceBytes
{
    private const int FirstBytes = 64 << 10;
    private const int MostBytes = 4 << 20;
    private const int PiecesAhead = 3;

    private readonly CancellationTokenSource closed = new();
    private readonly Queue<(long Start, Task<byte[]> Bytes)> ahead = [];
    private byte[] held = [];
    private long heldStart;
    private long nextStart;
    private int pieceBytes = FirstBytes;

    public override long Length => access.Bytes;

    public override int Read(Span<byte> buffer, long offset)
    {
        var read = 0;
        while (read < buffer.Length && offset + read < Length)
        {
            var at = offset + read - heldStart;
            if (at < 0 || at >= held.Length)
            {
                Load(offset + read, buffer.Length - read);
                at = 0;
            }

            var count = (int)Math.Min(held.Length - at, buffer.Length - read);
            held.AsSpan((int)at, count).CopyTo(buffer[read..]);
            read += count;
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Forget();
            closed.Cancel();
            closed.Dispose();
        }
    }

    private void Load(long offset, int wanted)
    {
        if (held.Length == 0 || offset != heldStart + held.Length)
        {
            Forget();
            (pieceBytes, nextStart) = (FirstBytes, offset);
            Enqueue((int)Math.Min(Math.Max(wanted, pieceBytes), Math.Max(wanted, Until - offset)));
        }
        else
        {
            FetchAhead(atLeast: 1);
        }

        var (start, piece) = ahead.Dequeue();
        if (held.Length > 0)
        {
            FetchAhead(atLeast: 0);
        }

        // Whoever reads is a thread of its own, which has nothing else to do. A piece that fails is asked for anew.
        held = [];
        held = piece.GetAwaiter().GetResult();
        heldStart = start;
    }

    private void FetchAhead(int atLeast)
    {
        var end = Math.Min(Until, Length);
        while (nextStart < Length && (ahead.Count < atLeast || (ahead.Count < PiecesAhead && nextStart < end)))
        {
            pieceBytes = Math.Min(pieceBytes * 2, MostBytes);
            Enqueue(nextStart < end ? (int)Math.Min(pieceBytes, end - nextStart) : pieceBytes);
        }
    }

    private void Enqueue(int bytes)
    {
        var count = (int)Math.Min(Math.Min(bytes, MostBytes), Length - nextStart);
        ahead.Enqueue((nextStart, client.Read(access, nextStart, count, closed.Token)));
        nextStart += count;
    }

    private void Forget()
    {
        held = [];
        foreach (var (_, bytes) in ahead)
        {
            _ = bytes.ContinueWith(
                static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
        }

        ahead.Clear();
    }
}
