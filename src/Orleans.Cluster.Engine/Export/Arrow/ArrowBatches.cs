using Apache.Arrow;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Export.Arrow;

/// <summary>
/// Reads rows of a result as batches of thousands of rows. Where every column has a plain type, they are made from the engine's
/// vectors here (<see cref="ArrowColumn"/>), which takes a third of the time of the engine's own conversion; otherwise by that,
/// which has a batch for each of its vectors.
/// </summary>
internal sealed class ArrowBatches(IReadOnlyList<ColumnSchema> columns)
{
    // A batch ends with the vectors that bring it to so many bytes, and at the rows that make as many of values of some 16 bytes:
    // a wide one has fewer. A reader has one in hand at a time.
    private const int BatchBytes = 8 << 20;
    private const int ValueBytes = 16;
    private const int MaxRows = 32_768;

    private readonly bool isPlain = columns.All(column => ArrowColumn.Of(column) is not null);
    private readonly int rowsAtOnce = Math.Clamp(BatchBytes / (ValueBytes * Math.Max(1, columns.Count)), 1, MaxRows);

    /// <summary>Reads a piece of a page.</summary>
    /// <param name="session">Runs its query.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="begin">Gets the schema, before the first batch.</param>
    /// <param name="take">Gets each batch, and disposes of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EngineException">There are more rows than the piece should have, or fewer.</exception>
    public void Read(
        DuckDbSession session, PagePiece piece, Action<Schema> begin, Action<RecordBatch> take,
        CancellationToken cancellationToken)
    {
        var found = 0L;
        if (isPlain)
        {
            session.ReadChunks(piece.Sql, chunks => found = Read(chunks, begin, take, cancellationToken), cancellationToken);
        }
        else
        {
            session.ReadArrow(
                piece.Sql,
                batches =>
                {
                    begin(batches.Schema);
                    while (batches.ReadNextRecordBatchAsync(cancellationToken).AsTask().GetAwaiter().GetResult() is { } batch)
                    {
                        found += batch.Length;
                        take(batch);
                    }
                },
                cancellationToken);
        }

        PagePiece.Check(found, piece.Rows);
    }

    // The token is looked at here too: an interruption that comes before the query has begun is lost.
    private long Read(
        ResultChunks chunks, Action<Schema> begin, Action<RecordBatch> take, CancellationToken cancellationToken)
    {
        ArrowColumn[] filled = [.. columns.Select(column => ArrowColumn.Of(column)!)];
        var fields = columns.Zip(filled, (column, each) => new Field(column.Name, each.Type, nullable: true));
        var schema = new Schema(fields, metadata: null);
        begin(schema);
        var (rows, found) = (0, 0L);
        while (chunks.Next(out var chunk) is > 0 and var count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var (start, some) = (0, 0); start < count; start += some)
            {
                some = Math.Min(count - start, rowsAtOnce - rows);
                for (var column = 0; column < filled.Length; column++)
                {
                    filled[column].Append(chunk.Vector(column), start, some);
                }

                rows += some;
                if (rows == rowsAtOnce || filled.Sum(column => column.Bytes) >= BatchBytes)
                {
                    take(Build(schema, filled, rows));
                    rows = 0;
                }
            }

            found += count;
        }

        if (rows > 0)
        {
            take(Build(schema, filled, rows));
        }

        return found;
    }

    private static PooledBatch Build(Schema schema, ArrowColumn[] filled, int rows)
    {
        var rented = new List<byte[]>();
        return new PooledBatch(schema, [.. filled.Select(column => column.Build(rented))], rows, rented);
    }
}
