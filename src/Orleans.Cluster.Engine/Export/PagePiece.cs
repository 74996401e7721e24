using Apache.Arrow;
using Apache.Arrow.Ipc;

namespace Orleans.Cluster.Engine.Export;

/// <summary>Some of a page's rows that follow each other.</summary>
/// <param name="Sql">A query that answers them, in their order.</param>
/// <param name="Rows">How many there are.</param>
internal sealed record PagePiece(string Sql, long Rows)
{
    /// <summary>Hands on its batches, of which the taker disposes.</summary>
    /// <exception cref="EngineException">There are more rows, or fewer.</exception>
    public void Read(IArrowArrayStream stream, Action<RecordBatch> take, CancellationToken cancellationToken)
    {
        var found = 0L;
        while (stream.ReadNextRecordBatchAsync(cancellationToken).AsTask().GetAwaiter().GetResult() is { } batch)
        {
            found += batch.Length;
            take(batch);
        }

        ResultPage.Check(found, Rows);
    }
}
