using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Queueing;

/// <summary>Jobs of a known length over small tables, and what REST says of them.</summary>
internal sealed class QueueClient(EmbeddedCluster cluster)
{
    public const int Stop = 19;
    public const int Continue = 18;
    public const int Terminate = 15;

    /// <summary>Processor work of one row of <see cref="Slow"/>: some ten milliseconds that no interrupt reaches.</summary>
    private const string SlowRow = "levenshtein(repeat('ab', 2000), repeat('ba', 2000 + n % 2)) >= 0";

    public string WriteNumbers(string name, int rows)
    {
        var path = Path.Combine(cluster.Folder, name);
        File.WriteAllLines(path, ["n", .. Enumerable.Range(0, rows).Select(n => n.ToString("D9", CultureInfo.InvariantCulture))]);
        return path;
    }

    /// <summary>A job that works on each row for long.</summary>
    public static Dictionary<string, object?> Slow(
        string path, string priority = "NORMAL", int partitions = 1, long memoryBytes = 256L << 20) =>
        Job(path, priority, partitions, SlowRow, memoryBytes);

    /// <summary>A job that costs next to nothing.</summary>
    public static Dictionary<string, object?> Quick(
        string path, string priority = "NORMAL", int partitions = 1, long memoryBytes = 256L << 20) =>
        Job(path, priority, partitions, "n >= 0", memoryBytes);

    public async Task<string> SubmitAsync(Dictionary<string, object?> job) =>
        (await cluster.SubmitAsync(job)).GetProperty("id").GetString()!;

    public Task<JsonElement> StatusAsync(string id) => cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/status");

    public async Task<HttpResponseMessage> CancelAsync(string id) => await cluster.Http.PostAsync($"jobs/{id}/cancel", null);

    public async Task<List<JsonElement>> PartitionsAsync(string id) =>
        [.. (await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500"))
            .GetProperty("items").EnumerateArray()];

    public async Task<List<JsonElement>> WorkersAsync() =>
        [.. (await cluster.Http.GetFromJsonAsync<JsonElement>("cluster/status")).GetProperty("workers").EnumerateArray()];

    /// <summary>Waits until so many attempts of a job run.</summary>
    public Task RunningAsync(string id, int attempts = 1) => EmbeddedCluster.Until(
        async () => (await PartitionsAsync(id))
        .Sum(partition => partition.GetProperty("attempts").EnumerateArray().Count(IsRunning)) >= attempts,
        TimeSpan.FromSeconds(60),
        () => $"{id} does not run.\n{cluster.Log}");

    public async Task<List<JsonElement>> EndsAsync(IEnumerable<string> ids)
    {
        var ends = new List<JsonElement>();
        foreach (var id in ids)
        {
            ends.Add(await cluster.WaitForEndAsync(id));
        }

        return ends;
    }

    /// <summary>The process of the worker that runs the first attempt found of a job.</summary>
    public async Task<int> WorkerOfAsync(string id)
    {
        var attempt = (await PartitionsAsync(id))
            .SelectMany(partition => partition.GetProperty("attempts").EnumerateArray()).First(IsRunning);
        var worker = attempt.GetProperty("worker").GetString();
        return (await WorkersAsync())
            .Single(item => item.GetProperty("id").GetString() == worker).GetProperty("processId").GetInt32();
    }

    /// <summary>Waits until workers report that nothing runs; then neither scratch nor shared memory may hold a byte.</summary>
    public async Task NothingIsLeftAsync()
    {
        await EmbeddedCluster.Until(
            async () => (await WorkersAsync())
            .Where(worker => worker.GetProperty("state").GetString() == "ACTIVE")
            .All(worker => worker.GetProperty("busy").GetInt32() == 0),
            TimeSpan.FromSeconds(10),
            () => $"Slots are still busy.\n{cluster.Log}");
        Assert.Empty(TemporaryFiles());
    }

    public IReadOnlyList<string> TemporaryFiles()
    {
        var scratch = Path.Combine(cluster.Folder, "state", "scratch");
        return Directory.Exists(scratch) ? [.. Directory.EnumerateFiles(scratch, "*", SearchOption.AllDirectories)] : [];
    }

    public static string Reason(JsonElement status) =>
        status.GetProperty("reason") is { ValueKind: JsonValueKind.Object } reason ? reason.GetProperty("code").GetString()! : "";

    public static string Phase(JsonElement status) => status.GetProperty("status").GetString()!;

    public static DateTimeOffset Time(JsonElement status, string name) => status.GetProperty(name).GetDateTimeOffset();

    public static bool IsRunning(JsonElement attempt) => attempt.GetProperty("state").GetString() == "RUNNING";

    public static void Signal(int process, int signal)
    {
        if (kill(process, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} to {process}: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    public static void Kill(int process)
    {
        using var victim = Process.GetProcessById(process);
        victim.Kill();
        victim.WaitForExit();
    }

    private static Dictionary<string, object?> Job(
        string path, string priority, int partitions, string where, long memoryBytes) => new()
    {
        ["operation"] = "filter",
        ["priority"] = priority,
        ["source"] = new { path = Path.GetFileName(path), options = new { columns = new { n = "BIGINT" } } },
        ["parameters"] = new { where },
        ["partitioning"] = new { minPartitions = partitions },
        ["resources"] = new { memoryBytes },
    };

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int process, int signal);
}
