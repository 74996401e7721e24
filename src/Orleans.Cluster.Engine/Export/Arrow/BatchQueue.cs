using System.Runtime.ExceptionServices;
using Apache.Arrow;

namespace Orleans.Cluster.Engine.Export.Arrow;

/// <summary>
/// Batches on their way from the thread that reads them to the one that writes them, within a bound of bytes: who adds waits
/// while they have more.
/// </summary>
internal sealed class BatchQueue(long maxBytes) : IDisposable
{
    private readonly Queue<(RecordBatch Batch, long Bytes)> batches = new();
    private ExceptionDispatchInfo? failure;
    private long bytes;
    private bool isComplete;
    private bool isClosed;

    /// <summary>Takes the batch over.</summary>
    /// <exception cref="OperationCanceledException">Nobody takes batches any more.</exception>
    public void Add(RecordBatch batch)
    {
        lock (batches)
        {
            while (bytes >= maxBytes && !isClosed)
            {
                Monitor.Wait(batches);
            }

            if (isClosed)
            {
                batch.Dispose();
                throw new OperationCanceledException("The batches are not wanted any more.");
            }

            var size = batch.Arrays.Sum(array => Bytes(array.Data));
            batches.Enqueue((batch, size));
            bytes += size;
            Monitor.PulseAll(batches);
        }
    }

    /// <summary>No more are added.</summary>
    /// <param name="reason">What kept the others from being added; null where there are no others.</param>
    public void Complete(Exception? reason)
    {
        lock (batches)
        {
            (isComplete, failure) = (true, reason is null ? null : ExceptionDispatchInfo.Capture(reason));
            Monitor.PulseAll(batches);
        }
    }

    /// <summary>The next batch, which the caller disposes of; null after the last. What kept it from coming is thrown.</summary>
    public RecordBatch? Take()
    {
        lock (batches)
        {
            while (batches.Count == 0 && !isComplete)
            {
                Monitor.Wait(batches);
            }

            if (!batches.TryDequeue(out var first))
            {
                failure?.Throw();
                return null;
            }

            bytes -= first.Bytes;
            Monitor.PulseAll(batches);
            return first.Batch;
        }
    }

    /// <summary>Lets go of those that nobody took, and of who waits to add.</summary>
    public void Dispose()
    {
        lock (batches)
        {
            isClosed = true;
            while (batches.TryDequeue(out var left))
            {
                left.Batch.Dispose();
            }

            Monitor.PulseAll(batches);
        }
    }

    private static long Bytes(ArrayData? data) => data is null
        ? 0
        : data.Buffers.Sum(buffer => (long)buffer.Length) + (data.Children?.Sum(Bytes) ?? 0) + Bytes(data.Dictionary);
}
