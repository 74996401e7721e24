using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>
/// One worker's disk is slow: each sync, rename and removal of it and of its executors takes a quarter of a second longer, and
/// each write a little. Its processes are held up at these calls by strace(1), which can do so without changing them.
/// </summary>
internal static class SlowDisk
{
    private const string Syncs = "fsync,fdatasync,rename,renameat,renameat2,linkat,unlink,unlinkat,mkdir";
    private const string Writes = "write,pwrite64";
    private const int Terminate = 15;
    private static readonly Lazy<bool> IsPossible = new(CanTrace);

    /// <summary>Nothing where strace is not installed or may not look at other processes.</summary>
    public static IEnumerable<Fault> Of(Func<IReadOnlyList<int>> workers)
    {
        if (IsPossible.Value)
        {
            yield return new Fault("a worker's disk is slow", async random =>
            {
                if (workers() is { Count: > 0 } running)
                {
                    await SlowAsync(running[random.Next(running.Count)], ProcessFaults.Long(random));
                }
            });
        }
    }

    // Executors that begin meanwhile are followed.
    private static async Task SlowAsync(int worker, TimeSpan time)
    {
        var processes = EmbeddedCluster.TreeOf(worker).SelectMany(id =>
            new[] { "-p", id.ToString(CultureInfo.InvariantCulture) });
        using var trace = Process.Start(new ProcessStartInfo("strace",
        [
            "-f", "-qqq", "-o", "/dev/null", "-e", $"trace={Syncs},{Writes}", "-e", $"inject={Syncs}:delay_enter=250000",
            "-e", $"inject={Writes}:delay_enter=2000", .. processes,
        ])
        {
            RedirectStandardError = true,
        })!;
        var said = trace.StandardError.ReadToEndAsync();
        await Task.WhenAny(trace.WaitForExitAsync(), Task.Delay(time));
        if (!trace.HasExited)
        {
            Queueing.QueueClient.Signal(trace.Id, Terminate);
        }

        await trace.WaitForExitAsync();

        // An executor may end before it is held up, as may all of them.
        var complaints = (await said).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("No such process", StringComparison.Ordinal)).ToList();
        if (complaints.Count > 0)
        {
            throw new InvalidOperationException($"strace of {worker}: {string.Join('\n', complaints)}");
        }
    }

    private static bool CanTrace()
    {
        try
        {
            using var trace = Process.Start(new ProcessStartInfo("strace", ["-qqq", "-o", "/dev/null", "true"])
            {
                RedirectStandardError = true,
            })!;
            trace.StandardError.ReadToEnd();
            trace.WaitForExit();
            return trace.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
