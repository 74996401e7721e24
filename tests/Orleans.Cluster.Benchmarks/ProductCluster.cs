using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// The product as a user starts it: an embedded cluster with one worker slot for each processor, called over REST.
/// </summary>
internal sealed class ProductCluster(Process gateway, IJobClient client, Uri address, string state) : IAsyncDisposable
{
    /// <summary>Starts one whose state and output are below a folder.</summary>
    /// <param name="folder">Its first data root, and the place of its state.</param>
    /// <param name="data">Another data root; none when null.</param>
    /// <param name="workers">Worker processes with one slot each; one for each processor when null.</param>
    public static async Task<ProductCluster> Start(string folder, string? data = null, int? workers = null)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        listener.Stop();
        var state = Path.Combine(folder, $"state-{Environment.ProcessId}");
        var bin = new DirectoryInfo(AppContext.BaseDirectory);
        var root = bin.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        var silo = Path.Combine(
            root, "src", "Orleans.Cluster.Silo", "bin", bin.Parent.Name, bin.Name, "Orleans.Cluster.Silo.dll");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in (string[])
            [silo, $"--Urls={address}", $"--Cluster:Workers={workers ?? Environment.ProcessorCount}", "--Cluster:DashboardPort=0",
             $"--Cluster:StateDirectory={state}", $"--Cluster:DataRoots:0={folder}", $"--Cluster:DataRoots:1={data ?? folder}",
             $"--Cluster:ParentProcessId={Environment.ProcessId}"])
        {
            start.ArgumentList.Add(argument);
        }

        var gateway = Process.Start(start) ?? throw new InvalidOperationException("The silo did not start.");
        gateway.BeginOutputReadLine();
        await Ready(address);
        var services = new ServiceCollection().AddOrleansCluster(options => options.Address = new Uri(address))
            .BuildServiceProvider();
        return new ProductCluster(gateway, services.GetRequiredService<IJobClient>(), new Uri(address), state);
    }

    /// <summary>What its gateway takes of jobs.</summary>
    public IJobClient Jobs => client;

    /// <summary>Where its gateway listens.</summary>
    public Uri Address => address;

    /// <summary>Runs a query over one file to its end.</summary>
    public Task<JobStatus> Run(string path, string query) => Run(new JobSpec
    {
        Operation = OperationKind.Sql,
        Source = new SourceSpec { Path = [path] },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    });

    /// <summary>Runs a job to its end.</summary>
    public async Task<JobStatus> Run(JobSpec job) => await client.WaitAsync((await client.SubmitAsync(job)).Id);

    /// <summary>The partitions of a job with their attempts.</summary>
    public async Task<IReadOnlyList<PartitionItem>> Partitions(JobId job)
    {
        var partitions = new List<PartitionItem>();
        for (string? token = null; ;)
        {
            var page = await client.ListPartitionsAsync(job, 500, token);
            partitions.AddRange(page.Items);
            if ((token = page.NextPageToken) is null)
            {
                return partitions;
            }
        }
    }

    /// <summary>Processor time of the gateway's own process.</summary>
    public TimeSpan GatewayTime()
    {
        gateway.Refresh();
        return gateway.TotalProcessorTime;
    }

    /// <summary>Process of the gateway.</summary>
    public int GatewayId => gateway.Id;

    /// <summary>Processor time that the gateway, its workers and their executors have used so far.</summary>
    public TimeSpan ProcessorTime() => ProcessTree.ProcessorTime(gateway.Id);

    public async ValueTask DisposeAsync()
    {
        gateway.Kill();
        await gateway.WaitForExitAsync();
        gateway.Dispose();

        // The workers end with their gateway, within seconds.
        for (var i = 0; i < 100 && Directory.Exists(state); i++)
        {
            try
            {
                Directory.Delete(state, recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private static async Task Ready(string address)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromMinutes(5))
        {
            try
            {
                if ((await http.GetAsync($"{address}/api/processing/health/ready")).StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                // Not listening yet, or too busy to answer.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        throw new TimeoutException("The cluster was not ready within five minutes.");
    }
}
