using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>Faults of processes and of files, on whatever cluster.</summary>
internal static class ProcessFaults
{
    /// <summary>How long something lasts: often a moment, sometimes beyond every patience of the cluster's.</summary>
    public static TimeSpan Long(Random random) => TimeSpan.FromSeconds(Math.Pow(random.NextDouble(), 2) * 25);

    /// <summary>
    /// kill -9 of one of several processes, and SIGSTOP of it, and a stutter in which it hardly comes to anything.
    /// </summary>
    public static IEnumerable<Fault> Of(string what, Func<IReadOnlyList<int>> processes)
    {
        yield return new Fault($"kill {what}", random => Pick(processes, random) is { } id ? KillAsync(id) : Task.CompletedTask);
        yield return new Fault($"stop {what}", async random =>
        {
            if (Pick(processes, random) is { } id)
            {
                await StopAsync([id], Long(random));
            }
        });
        yield return new Fault($"slow {what}", async random =>
        {
            if (Pick(processes, random) is { } id)
            {
                await SlowAsync([id], Long(random) / 2);
            }
        });
    }

    /// <summary>Processes stand still.</summary>
    public static async Task StopAsync(IReadOnlyList<int> ids, TimeSpan time)
    {
        Signal(ids, QueueClient.Stop);
        await Task.Delay(time);
        Signal(ids, QueueClient.Continue);
    }

    /// <summary>Processes stand still for nine tenths of the time.</summary>
    public static async Task SlowAsync(IReadOnlyList<int> ids, TimeSpan time)
    {
        var end = DateTime.UtcNow + time;
        while (DateTime.UtcNow < end)
        {
            await StopAsync(ids, TimeSpan.FromMilliseconds(180));
            await Task.Delay(20);
        }
    }

    // What is changed between an attempt's write and its own look at what it wrote is not noticed by anybody: it is what the
    // attempt has written, as far as its hash can say.
    private static readonly TimeSpan WrittenAndHashed = TimeSpan.FromSeconds(0.5);

    /// <summary>A file of the artifact store is gone, shorter, or has another byte.</summary>
    public static Fault ArtifactHarmed(string artifacts) => new("harm an artifact", random =>
    {
        try
        {
            var files = Directory.EnumerateFiles(artifacts, "*", SearchOption.AllDirectories)
                .Where(path => Path.GetFileName(path) != "_store.json"
                    && DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > WrittenAndHashed).ToList();
            if (files.Count > 0)
            {
                Harm(files[random.Next(files.Count)], random);
            }
        }
        catch (Exception exception) when (exception is IOException)
        {
            // It is being swept at this moment.
        }

        return Task.CompletedTask;
    });

    private static void Harm(string path, Random random)
    {
        var bytes = File.ReadAllBytes(path);
        switch (random.Next(bytes.Length == 0 ? 1 : 3))
        {
            case 0:
                File.Delete(path);
                break;
            case 1:
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                break;
            default:
                bytes[random.Next(bytes.Length)] ^= 0xff;
                File.WriteAllBytes(path, bytes);
                break;
        }
    }

    private static int? Pick(Func<IReadOnlyList<int>> processes, Random random) =>
        processes() is { Count: > 0 } running ? running[random.Next(running.Count)] : null;

    private static Task KillAsync(int id)
    {
        try
        {
            QueueClient.Kill(id);
        }
        catch (ArgumentException)
        {
            // It ended by itself.
        }

        return Task.CompletedTask;
    }

    private static void Signal(IReadOnlyList<int> ids, int signal)
    {
        foreach (var id in ids.Where(EmbeddedCluster.Runs))
        {
            QueueClient.Signal(id, signal);
        }
    }
}
