using System.Globalization;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>
/// Faults of hosts: of their network, of their clock, of the database's, and of how one of them sees the artifact store.
/// </summary>
internal static class HostFaults
{
    // A file that is just being written keeps a mount from becoming read-only: it is tried for ten seconds.
    private const string ReadOnly = "mount --bind STORE STORE; for i in $(seq 200); do "
        + "mount -o remount,ro,bind STORE 2>/dev/null && exit 0; sleep 0.05; done; echo 'It stays writable.'";

    /// <summary>All that there are.</summary>
    public static IEnumerable<Fault> Of(NetworkCluster cluster)
    {
        yield return new Fault("cut a host off", async random =>
        {
            var host = random.Next(NetworkCluster.Hosts);
            await cluster.Network.CutOffAsync(host);
            await Task.Delay(ProcessFaults.Long(random));
            await cluster.Network.MendAllAsync(host);
        });
        yield return new Fault("cut two hosts off from each other", async random =>
        {
            var one = random.Next(NetworkCluster.Hosts);
            var other = (one + random.Next(1, NetworkCluster.Hosts)) % NetworkCluster.Hosts;
            await cluster.Network.CutAsync(one, other);
            await Task.Delay(ProcessFaults.Long(random));
            await cluster.Network.MendAsync(one, other);
        });
        if (NetworkCluster.HasClocks)
        {
            // It stays wrong: the next step is from there.
            yield return new Fault("set a clock", random =>
            {
                cluster.SetClock(
                    random.Next(NetworkCluster.FirstGateway, NetworkCluster.Hosts),
                    TimeSpan.FromSeconds(random.Next(-7200, 7200)));
                return Task.CompletedTask;
            });
        }

        yield return new Fault("kill the database", async random =>
        {
            await cluster.Server.Stop(immediate: true);
            await Task.Delay(ProcessFaults.Long(random));
            await cluster.Server.Start();
        });
        yield return new Fault("stop the database", random =>
            ProcessFaults.StopAsync(Database(cluster), ProcessFaults.Long(random)));
        yield return new Fault("slow the database", random =>
            ProcessFaults.SlowAsync(Database(cluster), ProcessFaults.Long(random)));
        yield return new Fault("a worker misses the artifact store", random =>
            Mounted(cluster, random, "mount", "-t", "tmpfs", "none", cluster.Artifacts));
        yield return new Fault("a worker's artifact store is read-only", random =>
            Mounted(cluster, random, "sh", "-c", ReadOnly.Replace("STORE", cluster.Artifacts, StringComparison.Ordinal)));
        yield return new Fault("a worker's artifact store is full", random =>
            Mounted(cluster, random, "sh", "-c", $"d={cluster.Folder}/full; mkdir -p $d && mount -t tmpfs -o size=64k none $d"
                + $" && mkdir $d/u $d/w && mount -t overlay -o lowerdir={cluster.Artifacts},upperdir=$d/u,workdir=$d/w none "
                + cluster.Artifacts));
    }

    private static IReadOnlyList<int> Database(NetworkCluster cluster) =>
        cluster.Server.IsRunning ? EmbeddedCluster.TreeOf(cluster.Server.ProcessId) : [];

    // Only this worker and its executors see it: they have mounts of their own.
    private static async Task Mounted(NetworkCluster cluster, Random random, params string[] mount)
    {
        var workers = cluster.WorkerIds();
        if (workers.Count == 0)
        {
            return;
        }

        var worker = workers[random.Next(workers.Count)];
        if (!await TryEnterAsync(worker, mount))
        {
            return;
        }

        await Task.Delay(ProcessFaults.Long(random));
        if (!await TryEnterAsync(worker, "umount", "-l", cluster.Artifacts) && EmbeddedCluster.Runs(worker))
        {
            throw new InvalidOperationException($"The artifact store of {worker} cannot be put back.");
        }
    }

    // False when the worker is gone.
    private static async Task<bool> TryEnterAsync(int process, params string[] command)
    {
        try
        {
            await NetworkHosts.RunAsync(
                "nsenter", ["-t", process.ToString(CultureInfo.InvariantCulture), "-m", "--", .. command]);
            return true;
        }
        catch (InvalidOperationException) when (!EmbeddedCluster.Runs(process))
        {
            return false;
        }
    }
}
