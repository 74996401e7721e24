using Apache.Arrow;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Export.Arrow;

/// <summary>
/// Reads pieces of a page, several at once and each in a thread of its own, and hands out their batches in order. What is read
/// before its turn waits in memory, within a bound for each piece; a piece that fills its bound waits for its turn.
/// </summary>
internal sealed class ArrowPieces(DuckDbSession session, ArrowBatches rows, IReadOnlyList<PagePiece> pieces)
{
    // A piece of rows of some 65 bytes.
    private const long BytesAhead = 32 << 20;

    private readonly List<(BatchQueue Batches, Task Reading)> begun = [];

    /// <param name="readers">Pieces that are read at once.</param>
    /// <param name="write">Takes each batch, and disposes of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EngineException">A piece has not the rows that it should have.</exception>
    public void Read(int readers, Action<RecordBatch> write, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            for (var turn = 0; turn < pieces.Count; turn++)
            {
                while (begun.Count < Math.Min(pieces.Count, turn + readers))
                {
                    Begin(begun.Count, stop.Token);
                }

                while (begun[turn].Batches.Take() is { } batch)
                {
                    write(batch);
                }
            }
        }
        finally
        {
            // After a failure: those whose turn has not come, and who waits for it.
            stop.Cancel();
            begun.ForEach(piece => piece.Batches.Dispose());
            Task.WaitAll(begun.Select(piece => piece.Reading));
        }
    }

    private void Begin(int piece, CancellationToken cancellationToken)
    {
        var batches = new BatchQueue(BytesAhead);
        var reading = Task.Factory.StartNew(
            () => Read(pieces[piece], batches, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        begun.Add((batches, reading));
    }

    // What it fails with is said to who takes the batches.
    private void Read(PagePiece piece, BatchQueue batches, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = session.Another();
            rows.Read(connection, piece, _ => { }, batches.Add, cancellationToken);
            batches.Complete(null);
        }
        catch (Exception e)
        {
            batches.Complete(e);
        }
    }
}
