using Apache.Arrow;
using Orleans.Cluster.Engine.Export.Arrow;

namespace Orleans.Cluster.EngineTests;

public sealed class BatchQueueTests
{
    [Fact]
    public async Task Take_BatchesOfAnotherThread_AreAllThereInOrder()
    {
        using var queue = new BatchQueue(maxBytes: 64);
        var adding = Task.Run(() =>
        {
            foreach (var n in Enumerable.Range(0, 1000))
            {
                queue.Add(Batch(n));
            }

            queue.Complete(null);
        }, TestContext.Current.CancellationToken);
        var taken = new List<long?>();
        while (queue.Take() is { } batch)
        {
            using (batch)
            {
                taken.Add(((Int64Array)batch.Column(0)).GetValue(0));
            }
        }

        await adding;
        Assert.Equal(Enumerable.Range(0, 1000).Select(n => (long?)n), taken);
    }

    [Fact]
    public void Take_AfterAFailure_GivesWhatCameBeforeAndThrows()
    {
        using var queue = new BatchQueue(maxBytes: 1 << 20);
        queue.Add(Batch(7));
        queue.Complete(new InvalidOperationException("broken"));

        queue.Take()!.Dispose();
        Assert.Equal("broken", Assert.Throws<InvalidOperationException>(queue.Take).Message);
    }

    [Fact]
    public async Task Dispose_WhileOneWaitsToAdd_LetsItGo()
    {
        var queue = new BatchQueue(maxBytes: 1);
        queue.Add(Batch(1));
        var adding = Task.Run(() => queue.Add(Batch(2)), TestContext.Current.CancellationToken);

        queue.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => adding);
    }

    private static RecordBatch Batch(long n) =>
        new RecordBatch.Builder().Append("n", false, new Int64Array.Builder().Append(n).Build()).Build();
}
