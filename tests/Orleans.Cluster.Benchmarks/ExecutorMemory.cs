using System.Globalization;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Memory of executor processes, from outside: Linux keeps the largest resident size that each process ever had, so that no burst
/// between two looks is missed. Staged text is a file in memory that no resident size counts; it is measured beside it.
/// </summary>
internal sealed class ExecutorMemory : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource stop = new();
    private readonly Task looking;
    private readonly int gateway;

    public ExecutorMemory(int gateway)
    {
        this.gateway = gateway;
        looking = Task.Run(Look);
    }

    /// <summary>Largest resident size of an executor of a worker, as the kernel kept it.</summary>
    public long PeakResident { get; private set; }

    /// <summary>Largest resident size and staged files of such an executor together, at one look.</summary>
    public long PeakWithStaging { get; private set; }

    /// <summary>Largest resident size of the gateway itself, as the kernel kept it.</summary>
    public long PeakGateway { get; private set; }

    /// <summary>Largest resident size of the executor that plans, as the kernel kept it.</summary>
    public long PeakPlanning { get; private set; }

    public void Dispose()
    {
        stop.Cancel();
        looking.Wait();
        stop.Dispose();
    }

    private async Task Look()
    {
        var executors = new List<(int Id, int Parent)>();
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            if (round % 10 == 0)
            {
                executors = [.. ProcessTree.Descendants(gateway).Where(process => IsExecutor(process.Id))];
            }

            PeakGateway = Math.Max(PeakGateway, Read(gateway).Peak);
            foreach (var (id, parent) in executors)
            {
                var (resident, peak) = Read(id);
                if (parent == gateway)
                {
                    PeakPlanning = Math.Max(PeakPlanning, peak);
                    continue;
                }

                PeakResident = Math.Max(PeakResident, peak);
                PeakWithStaging = Math.Max(PeakWithStaging, resident + Staged(id));
            }

            await Task.Delay(Pause);
        }
    }

    private static bool IsExecutor(int id) =>
        ReadText(id, "cmdline")?.Contains("Orleans.Cluster.Executor", StringComparison.Ordinal) == true;

    private static (long Resident, long Peak) Read(int id)
    {
        var lines = ReadText(id, "status")?.Split('\n') ?? [];
        return (Kilobytes(lines, "VmRSS:"), Kilobytes(lines, "VmHWM:"));
    }

    private static long Kilobytes(string[] lines, string name) =>
        Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
        ? long.Parse(line[name.Length..^2].Trim(), CultureInfo.InvariantCulture) << 10
        : 0;

    private static long Staged(int id)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{id}/fd")
                .Select(file => new FileInfo(file))
                .Where(file => file.LinkTarget?.StartsWith("/dev/shm/orleans-cluster-", StringComparison.Ordinal) == true)
                .Select(file => (Target: file.LinkTarget, Bytes: Size(file.FullName)))
                .DistinctBy(file => file.Target)
                .Sum(file => file.Bytes);
        }
        catch (IOException)
        {
            // It ended in between.
            return 0;
        }
    }

    // The link of an open file leads to it even when it has no name any more.
    private static long Size(string link)
    {
        using var file = File.OpenHandle(link, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return RandomAccess.GetLength(file);
    }

    private static string? ReadText(int id, string name)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{name}");
        }
        catch (IOException)
        {
            return null;
        }
    }
}
