using Apache.Arrow.Ipc;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Export;

/// <summary>The rows of one query in the form of an Arrow IPC stream: its schema, its batches, and where they begin.</summary>
internal sealed class ArrowBatches(Stream target, IpcOptions options, long rows) : IDisposable
{
    private ArrowStreamWriter? writer;

    /// <summary>Bytes of the schema, which the batches follow.</summary>
    public long Head { get; private set; }

    /// <exception cref="EngineException">There are more or fewer rows than said.</exception>
    public void Write(IArrowArrayStream batches, CancellationToken cancellationToken)
    {
        writer = new ArrowStreamWriter(target, batches.Schema, leaveOpen: true, options);
        writer.WriteStart();
        Head = target.Position;
        var written = 0L;
        while (batches.ReadNextRecordBatchAsync(cancellationToken).AsTask().GetAwaiter().GetResult() is { } batch)
        {
            using (batch)
            {
                writer.WriteRecordBatch(batch);
                written += batch.Length;
            }
        }

        if (written != rows)
        {
            throw new EngineException(
                FailureKind.Internal, $"The files of the result hold {written} rows of the page and not {rows}.");
        }
    }

    /// <summary>Says that no more batches follow.</summary>
    public void End() => writer!.WriteEnd();

    public void Dispose() => writer?.Dispose();
}
