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
        lock (Gate)
        {
            Waiting.Enqueue(() => Answer(work, answer));
            if (_idle >= Waiting.Count)
            {
                Monitor.Pulse(Gate);
            }
            else
            {
                new Thread(Serve) { IsBackground = true, Name = "engine" }.Start();
            }
        }

        return answer.Task;
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
