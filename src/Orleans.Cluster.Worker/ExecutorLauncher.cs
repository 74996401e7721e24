using System.Collections.Concurrent;
using System.Diagnostics;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Starts executor processes from one thread that lives as long as this process. The kernel ends an executor when the thread that
/// started it ends (<c>PR_SET_PDEATHSIG</c>), and a thread of the pool may end at any time.
/// </summary>
internal static class ExecutorLauncher
{
    private static readonly BlockingCollection<Action> Requests = [];

    static ExecutorLauncher() => new Thread(Serve) { IsBackground = true, Name = "executor-launcher" }.Start();

    /// <summary>Starts a process. Takes milliseconds.</summary>
    public static Process Start(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Requests.Add(() =>
        {
            try
            {
                started.SetResult(
                    Process.Start(start) ?? throw new InvalidOperationException($"The executor {start.FileName} did not start."));
            }
            catch (Exception exception)
            {
                started.SetException(exception);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    private static void Serve()
    {
        foreach (var request in Requests.GetConsumingEnumerable())
        {
            request();
        }
    }
}
