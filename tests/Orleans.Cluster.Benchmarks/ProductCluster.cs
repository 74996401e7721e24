using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>The product as a user starts it: an embedded cluster with one worker slot for each processor, called over REST.</summary>
internal sealed class ProductCluster(Process gateway, IJobClient client, Uri address, string state) : IAsyncDisposable
{
    /// <param name="folder">Its data root, and the place of its state.</param>
    /// <param name="workers">Worker processes with one slot each; one for each processor when null.</param>
    public static async Task<ProductCluster> Start(string folder, int? workers = null)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        listener.Stop();
        var state = Path.Combine(folder, $"state-{Environment.ProcessId}");
        var bin = new DirectoryInfo(AppContext.BaseDirectory);
        var root = bin.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        var silo = Path.Combine(root, "src", "Orleans.Cluster.Silo", "bin", bin.Parent.Name, bin.Name, "Orleans.Cluster.Silo.dll");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in (string[])
            [silo, $"--Urls={address}", $"--Cluster:Workers={workers ?? Environment.ProcessorCount}", "--Cluster:DashboardPort=0", $"--Cluster:StateDirectory={state}",
             $"--Cluster:DataRoots:0={folder}", $"--Cluster:ParentProcessId={Environment.ProcessId}"])
        {
            start.ArgumentList.Add(argument);
        }

        var gateway = Process.Start(start) ?? throw new InvalidOperationException("The silo did not start.");
        gateway.BeginOutputReadLine();
        await Ready(address);
        var services = new ServiceCollection().AddOrleansCluster(options => options.Address = new Uri(address)).BuildServiceProvider();
        return new ProductCluster(gateway, services.GetRequiredService<IJobClient>(), new Uri(address), state);
    }

    /// <summary>Where its gateway listens.</summary>
    public Uri Address => address;

    /// <summary>Runs a query over one file to its end.</summary>
    public async Task<JobStatus> Run(string path, string query)
    {
        var status = await client.SubmitAsync(new JobSpec
        {
            Operation = OperationKind.Sql,
            Source = new SourceSpec { Path = [path] },
            Parameters = JsonSerializer.SerializeToElement(new { query }),
        });
        return await client.WaitAsync(status.Id);
    }

    /// <summary>Processor time of the gateway's own process.</summary>
    public TimeSpan GatewayTime()
    {
        gateway.Refresh();
        return gateway.TotalProcessorTime;
    }

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
        for (var i = 0; i < 300; i++)
        {
            try
            {
                if ((await http.GetAsync($"{address}/api/processing/health/ready")).StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        throw new TimeoutException("The cluster was not ready within a minute.");
    }
}
