using Orleans.Cluster.Protocol;
using StreamJsonRpc;

namespace Orleans.Cluster.Worker;

/// <summary>
/// One question to one process. A question that passes its bound ends the process, since native code may hear of nothing else.
/// </summary>
internal static class PlannerQuestion
{
    /// <summary>Asks, and answers null when the process ended first.</summary>
    /// <param name="planner">Whom to ask.</param>
    /// <param name="question">What to ask.</param>
    /// <param name="bound">How long it may take.</param>
    /// <param name="abandoned">
    /// Called when the caller has given up while the process may be at it still; completes when it is no more.
    /// </param>
    /// <param name="cancellationToken">The caller's.</param>
    public static async Task<EngineAnswer<T>?> Ask<T>(
        Planner planner, Func<IExecutor, CancellationToken, Task<EngineAnswer<T>>> question, PlannerBound bound,
        Func<Task, Task> abandoned, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(bound.Limit);
        var call = planner.Ask(question, timer.Token);
        try
        {
            // A call over the pipe waits for the answer to its cancellation too, and an engine that parses or binds does not hear
            // of it.
            return await call.WaitAsync(timer.Token);
        }
        catch (ConnectionLostException)
        {
            return null;
        }
        catch (Exception exception) when (timer.IsCancellationRequested
            && exception is (OperationCanceledException or RemoteInvocationException))
        {
            // The executor's own cancellation comes back as its error when it is not the token's exception that it threw.
            if (cancellationToken.IsCancellationRequested)
            {
                await abandoned(call); // Who hears that a question was cancelled may rely on nobody working on it.
                throw new OperationCanceledException(cancellationToken);
            }

            Observe(call);
            await planner.Process.Kill();
            throw bound.TimedOut();
        }
    }

    /// <summary>Gives an abandoned call a while, then ends the process that is still at it.</summary>
    public static async Task EndUnlessDone(Planner planner, Task call, TimeSpan grace, TimeProvider clock)
    {
        Observe(call);
        await Task.WhenAny(call, Task.Delay(grace, clock));
        if (!call.IsCompleted)
        {
            await planner.Process.Kill();
        }
    }

    private static void Observe(Task call) => _ = call.ContinueWith(
        static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
