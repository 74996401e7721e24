namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>Lets callers wait for the next change of a job.</summary>
internal sealed class JobWatch
{
    private TaskCompletionSource next = new();

    /// <summary>Completes at the next change, or when the time is over.</summary>
    public async Task Next(TimeSpan atMost, TimeProvider clock)
    {
        try
        {
            await next.Task.WaitAsync(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, clock);
        }
        catch (TimeoutException)
        {
            // Nothing changed; the caller looks at the clock itself.
        }
    }

    /// <summary>Something changed.</summary>
    public void Release()
    {
        var waiting = next;
        next = new TaskCompletionSource();
        waiting.TrySetResult();
    }
}
