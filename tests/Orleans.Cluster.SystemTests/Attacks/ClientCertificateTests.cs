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
public sealed class ClientCertificateTests(AttackedCluster attacked) : IClassFixture<AttackedCluster>, IAsyncLifetime
{
    private IHost host = null!;
    private string job = "";

    private IClusterClient Orleans => host.Services.GetRequiredService<IClusterClient>();

    public async ValueTask InitializeAsync()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddOrleansClusterInside(options =>
            (options.StateDirectory, options.Service, options.ResponseTimeout) =
            (attacked.Cluster.StateFolder, "attacker", TimeSpan.FromSeconds(5)));
        host = builder.Build();
        await host.StartAsync();
        job = await AttackedCluster.SubmitAsync(attacked.Ann, new
        {
            operation = "sql", source = new { path = "data/genes.csv" },
            parameters = new { query = "SELECT count(*) AS n FROM source a, source b, source c, source d" },
        });
        await attacked.Cluster.WaitAsync(job, (phase, _) => phase == "RUNNING");
    }

    public async ValueTask DisposeAsync()
    {
        using var cancel = await attacked.Ann.PostAsync($"jobs/{job}/cancel", null);
        await attacked.Cluster.WaitForEndAsync(job);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    // A connection that sends such a message is closed, so that no answer comes.
    [Theory]
    [InlineData("list silos")]
    [InlineData("list the queue")]
    [InlineData("read a job")]
    [InlineData("cancel a job")]
    [InlineData("stop the cluster")]
    [InlineData("report as a worker")]
    [InlineData("ask a silo")]
    [InlineData("another interface of a client's grain")]
    public async Task Call_WhatIsNotForClients_HasNoAnswerAndNoEffect(string what)
    {
        var id = JobId.Parse(job);
        Func<Task> call = what switch
        {
            "list silos" => () => Orleans.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true),
            "list the queue" => () => Queue.Describe(),
            "read a job" => () => Orleans.GetGrain<IJobGrain>(GrainKeys.Job(id)).GetStatus(),
            "cancel a job" => () => Orleans.GetGrain<IJobGrain>(GrainKeys.Job(id)).Cancel(),
            "stop the cluster" => () => Orleans.GetGrain<IClusterGrain>(GrainKeys.Cluster).Stop(atOnce: true),
            "report as a worker" => async () => await Queue.Report(await StrangerAsync()),
            "ask a silo" => PingASiloAsync,
            _ => () => Orleans.GetGrain<IManagementGrain>(GrainId.Create("jobdoor", InsideLimits.GatewayKey)).GetHosts(),
        };

        await Assert.ThrowsAsync<TimeoutException>(call);

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
        await Assert.ThrowsAsync<TimeoutException>(() => Queue.Describe());

        var page = await other.Jobs.ListAsync();

        Assert.Contains(page.Items, item => $"{item.Id}" == job);
        Assert.Contains("which is not for clients", attacked.Cluster.Log.ToString(), StringComparison.Ordinal);
    }

    // Orleans tells the grain by an interface of its own.
    [Fact]
    public async Task Call_ThatItsClientCancels_LeavesTheConnectionOpen()
    {
        var requests = Orleans.GetGrain<IJobRequestsGrain>(InsideLimits.GatewayKey);
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

    private int Refusals() =>
        attacked.Cluster.Log.ToString().Split("is not a silo of this cluster", StringSplitOptions.None).Length;

    private IQueueGrain Queue => Orleans.GetGrain<IQueueGrain>(GrainKeys.Queue);

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
    private async Task PingASiloAsync()
    {
        var control = typeof(IManagementGrain).Assembly.GetType("Orleans.ISiloControl", throwOnError: true)!;
        var interfaces = host.Services.GetRequiredService<GrainInterfaceTypeResolver>();
        var target = SystemTargetGrainId.Create(GrainType.Create("sys.svc.silo-control"), await GatewayAsync());
        var silo = Orleans.GetGrain(target.GrainId, interfaces.GetGrainInterfaceType(control));
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
