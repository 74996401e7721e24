namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>Work that is cancelled, and whose end somebody tells of.</summary>
internal static class GivenUp
{
    /// <summary>
    /// The result of some work. Cancelled, it throws once the work has really ended: a cancelled job says that nothing of it runs
    /// any more. Not later than <paramref name="patience"/> after that, since a disk may hang.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancelled"/>.</exception>
    public static async Task<T> EndOf<T>(Task<T> work, TimeSpan patience, TimeProvider clock, CancellationToken cancelled)
    {
        try
        {
            return await work.WaitAsync(cancelled);
        }
        catch (OperationCanceledException) when (!work.IsCompleted)
        {
            work.Ignore();
            await Task.WhenAny(work, Task.Delay(patience, clock, CancellationToken.None));
            throw;
        }
    }
}
