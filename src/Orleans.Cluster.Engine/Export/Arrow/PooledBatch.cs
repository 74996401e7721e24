using Apache.Arrow;

namespace Orleans.Cluster.Engine.Export.Arrow;

/// <summary>A batch whose memory is used again after it.</summary>
internal sealed class PooledBatch(Schema schema, IEnumerable<IArrowArray> arrays, int rows, IReadOnlyList<byte[]> rented)
    : RecordBatch(schema, arrays, rows)
{
    private bool isReturned;

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && !isReturned)
        {
            isReturned = true;
            foreach (var bytes in rented)
            {
                PooledBytes.Return(bytes);
            }
        }
    }
}
