namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Threads for native calls, which take long and must not hold threads of the pool, on which the pipe is answered. One that has
/// nothing to do waits for more: starting and ending one costs a small task a good part of its time, since the engine's allocator
/// gives back what it kept for it.
/// </summary>
internal static class EngineThreads
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly object Gate = new();
    private static readonly Queue<Action> Waiting = new();
    private static int _idle;

    /// <summary>Runs work on a thread of its own.</summary>
    public static Task<T> Run<T>(Func<T> work)
    {
        // Who waits for the answer goes on elsewhere.
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);

        // Each work has its own caller's context, and none that of whoever made the thread start.
        var context = ExecutionContext.Capture();
        lock (Gate)
        {
            Waiting.Enqueue(() => InContext(context, () => Answer(work, answer)));
            if (_idle >= Waiting.Count)
            {
                Monitor.Pulse(Gate);
            }
            else
            {
                new Thread(Serve) { IsBackground = true, Name = "engine" }.UnsafeStart();
            }
        }

        return answer.Task;
    }

    private static void InContext(ExecutionContext? context, Action work)
    {
        if (context is null)
        {
            work();
        }
        else
        {
            ExecutionContext.Run(context, static action => ((Action)action!)(), work);
        }
    }

    private static void Answer<T>(Func<T> work, TaskCompletionSource<T> answer)
    {
        try
        {
            answer.SetResult(work());
        }
        catch (Exception e)
        {
            answer.SetException(e); // The caller's, as from any task.
        }
    }

    private static void Serve()
    {
        while (Next() is { } work)
        {
            work();
        }
    }

    private static Action? Next()
    {
        lock (Gate)
        {
            while (Waiting.Count == 0)
            {
                _idle++;
                var isCalled = Monitor.Wait(Gate, Patience);
                _idle--;
                if (!isCalled && Waiting.Count == 0)
                {
                    return null;
                }
            }

            return Waiting.Dequeue();
        }
    }
}
