using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.InsideClient;
using Orleans.Cluster.InsideContracts;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Metadata;
using Orleans.Runtime;

namespace Orleans.Cluster.SystemTests.Attacks;

/// <summary>
/// What somebody reaches who has a client's certificate and Orleans' own client: the grains that are meant for clients, and no
/// other grain or system target, by whichever interface.
/// </summary>
[Collection("attacked")]
public sealed class ClientCertificateTests(AttackedCluster attacked) : IAsyncLifetime
{
    private IHost host = null!;
    private string job = "";

    public async ValueTask InitializeAsync()
    {
        job = await AttackedCluster.SubmitAsync(attacked.Ann, new
        {
            operation = "sql", source = new { path = "data/genes.csv" },
            parameters = new { query = "SELECT count(*) AS n FROM source a, source b, source c, source d" },
        });
        await attacked.Cluster.WaitAsync(job, (phase, _) => phase == "RUNNING");
        host = await ClientAsync();
    }

    public async ValueTask DisposeAsync()
    {
        using var cancel = await attacked.Ann.PostAsync($"jobs/{job}/cancel", null);
        await attacked.Cluster.WaitForEndAsync(job);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    // A connection that sends such a message is closed, so that no answer comes. Each has a client of its own, since what one
    // client asks meanwhile goes with its connection.
    [Fact]
    public async Task Call_WhatIsNotForClients_HasNoAnswerAndNoEffect()
    {
        var id = JobId.Parse(job);
        var refused = new (string What, Func<IHost, Task> Call)[]
        {
            ("list silos", client => Orleans(client).GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)),
            ("list the queue", client => Queue(client).Describe()),
            ("read a job", client => Orleans(client).GetGrain<IJobGrain>(GrainKeys.Job(id)).GetStatus()),
            ("cancel a job", client => Orleans(client).GetGrain<IJobGrain>(GrainKeys.Job(id)).Cancel()),
            ("stop the cluster", client => Orleans(client).GetGrain<IClusterGrain>(GrainKeys.Cluster).Stop(atOnce: true)),
            ("report as a worker", async client => await Queue(client).Report(await StrangerAsync())),
            ("ask a silo", PingASiloAsync),
            ("another interface of a client's grain", client => Orleans(client)
                .GetGrain<IManagementGrain>(GrainId.Create("jobdoor", InsideLimits.GatewayKey)).GetHosts()),
        };

        var ends = await Task.WhenAll(refused.Select(async each =>
        {
            using var client = await ClientAsync();
            var end = await Record.ExceptionAsync(() => each.Call(client));
            await client.StopAsync();
            return (each.What, end);
        }));

        Assert.All(ends, each => Assert.True(each.end is TimeoutException, $"{each.What}: {each.end}"));
        var status = await attacked.Cluster.TryStatusAsync(job);
        Assert.Equal("RUNNING", status!.Value.GetProperty("status").GetString());
        Assert.Equal(1, await ActiveWorkersAsync());
    }

    // Orleans keeps answers to a client that was cut off for when it comes back; another one does not notice.
    [Fact]
    public async Task Call_WhatIsForClients_IsAnsweredWhileAnotherClientIsRefused()
    {
        await using var other = await InsideConnection.OpenAsync(
            options => options.StateDirectory = attacked.Cluster.StateFolder);
        await Assert.ThrowsAsync<TimeoutException>(() => Queue(host).Describe());

        var page = await other.Jobs.ListAsync();

        Assert.Contains(page.Items, item => $"{item.Id}" == job);
        await EmbeddedCluster.Until(
            () => Task.FromResult(Logs().Contains("which is not for clients", StringComparison.Ordinal)),
            TimeSpan.FromMinutes(1), Logs);
    }

    // Orleans tells the grain by an interface of its own.
    [Fact]
    public async Task Call_ThatItsClientCancels_LeavesTheConnectionOpen()
    {
        var requests = Requests(host);
        using var patience = new CancellationTokenSource();
        var validation = requests.Validate("{}"u8.ToArray(), patience.Token);
        await patience.CancelAsync();
        await Record.ExceptionAsync(() => validation);

        var status = await requests.GetStatus(JobId.Parse(job));

        Assert.Equal(job, $"{status.Id}");
    }

    // With the membership's database too, in which it writes itself among the silos.
    [Fact]
    public async Task Worker_WithTheCertificateOfAClient_IsNoneOfTheCluster()
    {
        var refusals = Refusals();
        var state = attacked.Cluster.StateFolder;
        using var record = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(state, "gateway.json")));
        using var stranger = Process.Start(new ProcessStartInfo(
            "dotnet",
            [EmbeddedCluster.Program("Orleans.Cluster.Silo"), "--Cluster:Role=Worker", $"--Cluster:StateDirectory={state}",
                $"--Cluster:Id={record.RootElement.GetProperty("clusterId").GetString()}",
                $"--Cluster:Tls:Certificate={state}/client.pem", $"--Cluster:ParentProcessId={Environment.ProcessId}"])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            var printed = stranger.StandardOutput.ReadToEndAsync();
            await EmbeddedCluster.Until(
                () => Task.FromResult(Refusals() > refusals), TimeSpan.FromMinutes(2),
                () => $"{attacked.Cluster.Log}\n{(stranger.HasExited ? printed.Result : "It runs.")}");

            Assert.Equal(1, await ActiveWorkersAsync());
        }
        finally
        {
            stranger.Kill();
            await stranger.WaitForExitAsync();
        }
    }

    // Of the gateway and of the workers: a client may enter by any silo.
    private string Logs() => attacked.Cluster.Log + string.Concat(
        Directory.GetFiles(Path.Combine(attacked.Cluster.StateFolder, "logs"), "worker-*.log").Select(File.ReadAllText));

    private int Refusals() =>
        attacked.Cluster.Log.ToString().Split("is not a silo of this cluster", StringSplitOptions.None).Length;

    private async Task<IHost> ClientAsync()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddOrleansClusterInside(options =>
            (options.StateDirectory, options.Service, options.ResponseTimeout) =
            (attacked.Cluster.StateFolder, "attacker", TimeSpan.FromSeconds(5)));
        var client = builder.Build();
        await client.StartAsync();

        // What is not answered from here on is refused: it has a connection.
        JobStatus? status = null;
        await EmbeddedCluster.Until(
            async () => await Record.ExceptionAsync(
                async () => status = await Requests(client).GetStatus(JobId.Parse(job))) is null,
            TimeSpan.FromMinutes(1), () => "The client has no answer.");
        Assert.Equal(job, $"{status!.Id}");
        return client;
    }

    private static IJobRequestsGrain Requests(IHost client) =>
        Orleans(client).GetGrain<IJobRequestsGrain>(InsideLimits.GatewayKey);

    private static IClusterClient Orleans(IHost client) => client.Services.GetRequiredService<IClusterClient>();

    private static IQueueGrain Queue(IHost client) => Orleans(client).GetGrain<IQueueGrain>(GrainKeys.Queue);

    private async Task<int> ActiveWorkersAsync() =>
        (await attacked.Cluster.Http.GetFromJsonAsync<JsonElement>("cluster/status")).GetProperty("workers").EnumerateArray()
        .Count(worker => worker.GetProperty("state").GetString() == "ACTIVE");

    private async Task<WorkerReport> StrangerAsync()
    {
        var silo = SiloAddress.New(IPAddress.Loopback, 1, (await GatewayAsync()).Generation);
        return new WorkerReport
        {
            Worker = WorkerIds.Of(silo), Silo = silo, Sequence = 1, Slots = 16, MemoryBytes = 1L << 40,
        };
    }

    // A system target, by an interface that Orleans keeps to itself.
    private async Task PingASiloAsync(IHost client)
    {
        var control = typeof(IManagementGrain).Assembly.GetType("Orleans.ISiloControl", throwOnError: true)!;
        var interfaces = client.Services.GetRequiredService<GrainInterfaceTypeResolver>();
        var target = SystemTargetGrainId.Create(GrainType.Create("sys.svc.silo-control"), await GatewayAsync());
        var silo = Orleans(client).GetGrain(target.GrainId, interfaces.GetGrainInterfaceType(control));
        var ping = control.GetMethod("Ping")!;
        await (Task)ping.Invoke(silo, [.. ping.GetParameters()
            .Select(parameter => parameter.ParameterType == typeof(string) ? "attack" : (object)CancellationToken.None)])!;
    }

    // From the membership table.
    private async Task<SiloAddress> GatewayAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={attacked.Cluster.StateFolder}/orleans.db;Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT ProxyPort, Generation FROM OrleansMembershipTable WHERE Status = 3 AND SiloName LIKE 'gateway%'";
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return SiloAddress.New(IPAddress.Loopback, reader.GetInt32(0), reader.GetInt32(1));
    }
}
