using System.Diagnostics;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// Ends this process when another one is gone, whatever way that one ended. A thread of its own looks, because a worker whose
/// thread pool is starved must end too.
/// </summary>
internal static class ParentWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    public static void Start(ProcessIdentity parent)
    {
        var thread = new Thread(() => Watch(parent)) { IsBackground = true, Name = "Parent watch" };
        thread.Start();
    }

    private static void Watch(ProcessIdentity parent)
    {
        while (parent.IsRunning())
        {
            Thread.Sleep(Interval);
        }

        // No orderly shutdown: without its gateway an embedded cluster has nobody left to agree with, and what this process holds
        // is written so that a kill at any moment is safe.
        Console.Error.WriteLine($"The gateway, process {parent.Id}, is gone; this worker ends with it.");
        Process.GetCurrentProcess().Kill();
    }
}
