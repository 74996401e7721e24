using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>The embedded default as a user starts it: a gateway process with worker processes, called over HTTP alone.</summary>
public sealed class EmbeddedCluster : IAsyncLifetime
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private Process? gateway;

    /// <summary>Workers that it is configured with.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Arguments of the gateway beside the usual ones.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Folder of data and state, of this cluster alone.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("orleans-cluster-e2e-").FullName;

    public HttpClient Http { get; private set; } = new();

    public int GatewayId => gateway!.Id;

    public async ValueTask InitializeAsync()
    {
        await StartAsync();
    }

    /// <summary>Starts the gateway and waits until jobs are accepted and the workers are active.</summary>
    public async Task StartAsync()
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])
            [SiloProgram(), $"--Urls=http://127.0.0.1:{port}", $"--Cluster:Workers={Workers}", "--Cluster:DashboardPort=0",
             $"--Cluster:StateDirectory={Path.Combine(Folder, "state")}", $"--Cluster:ParentProcessId={Environment.ProcessId}", .. Arguments])
        {
            start.ArgumentList.Add(argument);
        }

        gateway = Process.Start(start) ?? throw new InvalidOperationException("The silo did not start.");
        gateway.OutputDataReceived += (_, line) => Log.AppendLine(line.Data);
        gateway.ErrorDataReceived += (_, line) => Log.AppendLine(line.Data);
        gateway.BeginOutputReadLine();
        gateway.BeginErrorReadLine();
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/processing/"), Timeout = TimeSpan.FromSeconds(60) };
        await Until(async () => await TryGet("health/ready") == HttpStatusCode.OK, ReadyWithin, () => Log.ToString());
    }

    /// <summary>What the gateway printed.</summary>
    public StringBuilder Log { get; } = new();

    /// <summary>Kills the gateway at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        gateway!.Kill();
        await gateway.WaitForExitAsync();
    }

    public async Task<JsonElement> SubmitAsync(object job)
    {
        using var response = await Http.PostAsJsonAsync("jobs/submit", job);
        var document = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, $"{document}\n{Log}");
        return document;
    }

    /// <summary>The status document once it meets a condition.</summary>
    public async Task<JsonElement> WaitAsync(string id, Func<string, JsonElement, bool> condition, int seconds = 120)
    {
        JsonElement status = default;
        await Until(
            async () =>
            {
                status = await Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/status");
                return condition(status.GetProperty("status").GetString()!, status);
            },
            TimeSpan.FromSeconds(seconds),
            () => $"{status}\n{Log}");
        return status;
    }

    public Task<JsonElement> WaitForEndAsync(string id, int seconds = 120) =>
        WaitAsync(id, (phase, _) => phase is "SUCCEEDED" or "FAILED" or "CANCELLED", seconds);

    public Task<JsonElement> ResultAsync(string id) => Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/result");

    /// <summary>Processes whose command line holds a text and that belong to this cluster's state folder or descend from its gateway.</summary>
    public IReadOnlyList<int> WorkerIds() => ChildrenOf(GatewayId).Where(id => CommandLine(id).Contains("Role=Worker", StringComparison.Ordinal)).ToList();

    /// <summary>Executor processes of all workers and of the gateway.</summary>
    public IReadOnlyList<int> ExecutorIds() =>
        WorkerIds().Append(GatewayId).SelectMany(ChildrenOf).Where(id => CommandLine(id).Contains("Orleans.Cluster.Executor", StringComparison.Ordinal)).ToList();

    /// <summary>Executor processes of one worker that live.</summary>
    public static IReadOnlyList<int> ExecutorsOf(int worker) =>
        [.. ChildrenOf(worker).Where(id => CommandLine(id).Contains("Orleans.Cluster.Executor", StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (gateway is { HasExited: false })
        {
            gateway.Kill();
            await gateway.WaitForExitAsync();
        }

        gateway?.Dispose();

        // Workers and executors end by themselves within seconds, and write no more.
        await Until(() => Task.FromResult(TryDelete()), TimeSpan.FromSeconds(20), () => $"{Folder} cannot be removed.");
    }

    /// <summary>Waits for a condition; the failure shows what was seen last.</summary>
    public static async Task Until(Func<Task<bool>> condition, TimeSpan within, Func<string> seen)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < within, $"Not within {within.TotalSeconds:0} s. Last seen: {seen()}");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private static string SiloProgram() => Program("Orleans.Cluster.Silo");

    /// <summary>A program of the product where its build put it.</summary>
    public static string Program(string project)
    {
        var bin = new DirectoryInfo(AppContext.BaseDirectory);
        var root = bin.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "src", project, "bin", bin.Parent.Name, bin.Name, project + ".dll");
    }

    private async Task<HttpStatusCode?> TryGet(string path)
    {
        try
        {
            using var response = await Http.GetAsync(path);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private bool TryDelete()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static IEnumerable<int> ChildrenOf(int parent)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && ParentOf(id) == parent)
            {
                yield return id;
            }
        }
    }

    private static int ParentOf(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
