using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>The embedded default as a user starts it: a gateway process with worker processes, called over HTTP alone.</summary>
public class EmbeddedCluster : IAsyncLifetime
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(3);

    /// <summary>Where a process's number of threads stands in its <see cref="Stat"/>.</summary>
    private const int ThreadCount = 17;
    private Process? gateway;

    /// <summary>Workers that it is configured with.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Arguments of the gateway beside the usual ones.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Whether its callers need keys; <see cref="Http"/> then has one of an administrator.</summary>
    public bool AsksForKeys { get; init; }

    /// <summary>
    /// PEM file of the one authority that <see cref="Http"/> and the command line trust; the gateway then serves https alone.
    /// Null for http.
    /// </summary>
    public string? AuthorityFile { get; init; }

    /// <summary>Folder of data and state, of this cluster alone.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("orleans-cluster-e2e-").FullName;

    public HttpClient Http { get; private set; } = new();

    public int GatewayId => gateway!.Id;

    public virtual async ValueTask InitializeAsync() => await StartAsync();

    /// <summary>Settings of every process of this cluster, beside the usual ones.</summary>
    protected virtual IReadOnlyList<string> Settings => [];

    /// <summary>Environment of every process of this cluster, beside the test's own.</summary>
    protected virtual IReadOnlyDictionary<string, string> SiloEnvironment { get; } = new Dictionary<string, string>();

    /// <summary>A command that becomes the gateway's program, or that of a command of the silo, where it is to run.</summary>
    protected virtual IReadOnlyList<string> Within => [];

    /// <summary>State of the gateway and the workers.</summary>
    public string StateFolder => Path.Combine(Folder, "state");

    /// <summary>Starts the gateway and waits until jobs are accepted and the workers are active.</summary>
    public virtual async Task StartAsync()
    {
        var address = $"{(AuthorityFile is null ? "http" : "https")}://127.0.0.1:{FreePort()}";
        gateway = StartSilo(
            [.. Listen(address), $"--Cluster:Workers={Workers}", "--Cluster:DashboardPort=0",
             .. AsksForKeys
                 ? ["--Gateway:Authentication=Required", $"--Cluster:DataRoots:0={Folder}"]
                 : Array.Empty<string>(), .. Arguments]);
        Http.Dispose();
        Http = new HttpClient(CreateHandler())
        {
            BaseAddress = new Uri($"{address}/api/processing/"), Timeout = TimeSpan.FromSeconds(60),
        };
        await WhileStartingAsync();
        if (AsksForKeys)
        {
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await AdministratorKeyAsync());
        }

        await Until(async () => await TryGet("health/ready") == HttpStatusCode.OK, ReadyWithin, () => Log.ToString());
    }

    /// <summary>What <see cref="Http"/> speaks through.</summary>
    protected virtual SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler();
        if (AuthorityFile is not null)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPemFile(AuthorityFile);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }

    /// <summary>Arguments that make the gateway listen there.</summary>
    protected virtual IReadOnlyList<string> Listen(string address) => [$"--Urls={address}"];

    /// <summary>What else starts, once the gateway's process is there.</summary>
    protected virtual Task WhileStartingAsync() => Task.CompletedTask;

    /// <summary>Runs a command of the silo on this cluster's store.</summary>
    /// <returns>How it ended, and what it printed.</returns>
    public async Task<(int ExitCode, string Output)> CommandAsync(params string[] arguments)
    {
        using var command = Launch([.. arguments, .. Settings, $"--Cluster:StateDirectory={StateFolder}"]);
        var output = await Task.WhenAll(command.StandardOutput.ReadToEndAsync(), command.StandardError.ReadToEndAsync());
        await command.WaitForExitAsync();
        return (command.ExitCode, string.Concat(output));
    }

    /// <summary>What the gateway printed, and workers that a test started by itself.</summary>
    public ProcessLog Log { get; } = new();

    /// <summary>Kills the gateway at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        gateway!.Kill();
        await gateway.WaitForExitAsync();
    }

    /// <summary>Kills one of the workers at once.</summary>
    public Task KillWorkerAsync(int which)
    {
        var workers = WorkerIds();
        return workers.Count == 0 ? Task.CompletedTask : KillAsync([workers[which % workers.Count]]);
    }

    /// <summary>Kills every process of the cluster at once, executors too.</summary>
    public virtual Task KillEverythingAsync() => KillAsync([GatewayId, .. WorkerIds(), .. ExecutorIds()]);

    /// <summary>Starts again what the cluster does not start by itself.</summary>
    public virtual Task ReviveAsync() => Runs(GatewayId) ? Task.CompletedTask : StartAsync();

    /// <summary>
    /// A silo process over this cluster's state, or a state folder of its own, which ends with the test's process at the latest.
    /// </summary>
    protected Process StartSilo(
        IEnumerable<string> arguments, string? stateFolder = null, IReadOnlyList<string>? within = null)
    {
        var silo = Launch(
            [.. arguments, .. Settings, $"--Cluster:StateDirectory={stateFolder ?? StateFolder}",
                $"--Cluster:ParentProcessId={Environment.ProcessId}"], within);
        silo.OutputDataReceived += (_, line) => Log.Append(line.Data);
        silo.ErrorDataReceived += (_, line) => Log.Append(line.Data);
        silo.BeginOutputReadLine();
        silo.BeginErrorReadLine();
        return silo;
    }

    /// <summary>The program of a silo with these arguments and no others.</summary>
    protected Process Launch(IEnumerable<string> arguments, IReadOnlyList<string>? within = null)
    {
        string[] command = [.. within ?? Within, "dotnet", SiloProgram(), .. arguments];
        var start = new ProcessStartInfo(command[0])
        {
            WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in SiloEnvironment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException("The silo did not start.");
    }

    public async Task<JsonElement> SubmitAsync(object job)
    {
        using var response = await Http.PostAsJsonAsync("jobs/submit", job);
        var document = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, document.ToString());
        return document;
    }

    /// <summary>The status document once it meets a condition.</summary>
    public async Task<JsonElement> WaitAsync(string id, Func<string, JsonElement, bool> condition, int seconds = 120)
    {
        JsonElement status = default;
        await Until(
            async () =>
            {
                if (await TryStatusAsync(id) is not { } answer)
                {
                    return false;
                }

                status = answer;
                return condition(status.GetProperty("status").GetString()!, status);
            },
            TimeSpan.FromSeconds(seconds),
            () => $"{status}\n{Log}");
        return status;
    }

    /// <summary>The status document, or null while the gateway or its database does not answer.</summary>
    public async Task<JsonElement?> TryStatusAsync(string id)
    {
        try
        {
            using var response = await Http.GetAsync($"jobs/{id}/status");
            return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<JsonElement>() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public Task<JsonElement> WaitForEndAsync(string id, int seconds = 120) =>
        WaitAsync(id, (phase, _) => phase is "SUCCEEDED" or "FAILED" or "CANCELLED", seconds);

    public Task<JsonElement> ResultAsync(string id) => Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/result");

    /// <summary>
    /// Processes whose command line holds a text and that belong to this cluster's state folder or descend from its gateway.
    /// </summary>
    public virtual IReadOnlyList<int> WorkerIds() =>
        ChildrenOf(GatewayId).Where(id => CommandLine(id).Contains("Role=Worker", StringComparison.Ordinal)).ToList();

    /// <summary>Executor processes of all workers and of the gateway.</summary>
    public IReadOnlyList<int> ExecutorIds() =>
        WorkerIds()
        .Append(GatewayId)
        .SelectMany(ChildrenOf)
        .Where(id => CommandLine(id).Contains("Orleans.Cluster.Executor", StringComparison.Ordinal)).ToList();

    /// <summary>Executor processes of one worker that live.</summary>
    public static IReadOnlyList<int> ExecutorsOf(int worker) =>
        [.. ChildrenOf(worker).Where(id => CommandLine(id).Contains("Orleans.Cluster.Executor", StringComparison.Ordinal))];

    public virtual async ValueTask DisposeAsync()
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
            if (clock.Elapsed >= within)
            {
                Assert.Fail($"Not within {within.TotalSeconds:0} s. Last seen: {seen()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    /// <summary>Kills processes that may be gone already, and waits until they are.</summary>
    protected static async Task KillAsync(IReadOnlyList<int> ids)
    {
        foreach (var id in ids)
        {
            try
            {
                using var victim = Process.GetProcessById(id);
                victim.Kill();
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
            {
                // It ended by itself.
            }
        }

        await Until(() => Task.FromResult(!ids.Any(Runs)), TimeSpan.FromSeconds(20),
            () => $"{string.Join(", ", ids.Where(Runs))} still run.");
    }

    /// <summary>
    /// Whether a process runs; one that has ended and that nobody has waited for does not. While its other threads end, the first
    /// thread may be over already: the process then still holds its files and locks.
    /// </summary>
    public static bool Runs(int id) =>
        Stat(id) is { } stat
        && (stat[0] is not ("Z" or "X") || int.Parse(stat[ThreadCount], System.Globalization.CultureInfo.InvariantCulture) > 1);

    private static string SiloProgram() => Program("Orleans.Cluster.Silo");

    /// <summary>A program of the product where its build put it.</summary>
    public static string Program(string project)
    {
        var bin = new DirectoryInfo(AppContext.BaseDirectory);
        var root = bin.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "src", project, "bin", bin.Parent.Name, bin.Name, project + ".dll");
    }

    private async Task<string> AdministratorKeyAsync()
    {
        var file = Path.Combine(Folder, "admin.key");
        var (exitCode, output) = await CommandAsync("keys", "create", "--name", "root", "--role", "ADMIN", "--out", file);
        Assert.True(exitCode == 0, output);
        return (await File.ReadAllTextAsync(file)).Trim();
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

    /// <summary>A process and all that it and they have started.</summary>
    public static IReadOnlyList<int> TreeOf(int process) => [process, .. ChildrenOf(process).SelectMany(TreeOf)];

    /// <summary>Processes that this one has started and that nobody has waited for yet.</summary>
    protected static IEnumerable<int> ChildrenOf(int parent)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && ParentOf(id) == parent)
            {
                yield return id;
            }
        }
    }

    private static int ParentOf(int id) =>
        Stat(id) is { } stat ? int.Parse(stat[1], System.Globalization.CultureInfo.InvariantCulture) : -1;

    // State, parent and more; what stands before them is a name, which may hold anything.
    private static string[]? Stat(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
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

    /// <summary>A port of loopback that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
