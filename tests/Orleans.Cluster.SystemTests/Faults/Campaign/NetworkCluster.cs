using System.Diagnostics;
using System.Globalization;
using System.Net;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>
/// Five hosts: PostgreSQL, two gateways and two workers, each with a network, an address and a state folder of its own. They
/// share a folder of artifacts. Their clocks can be set, each for itself, where <c>ORLEANS_CLUSTER_CAMPAIGN_CLOCKS</c> names the
/// library file of libfaketime.
/// </summary>
public class NetworkCluster : EmbeddedCluster
{
    /// <summary>The host of PostgreSQL; the first gateway's, the second one's and those of the workers follow.</summary>
    public const int DatabaseHost = 0;

    public const int FirstGateway = 1;
    public const int SecondGateway = 2;
    public const int Hosts = 5;
    private const int GatewayPort = 8001;
    private const string Database = "orleans_cluster";

    // Under it a silo needs eight times the processor time: only when it is asked for.
    private static readonly string? ClockLibrary = Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_CAMPAIGN_CLOCKS");

    private readonly Process?[] silos = new Process?[Hosts];
    private NetworkHosts? hosts;
    private PostgresServer? server;
    private HttpClient? second;

    public NetworkCluster() => Arguments = OfHost(FirstGateway);

    /// <summary>Whether such a cluster can be here.</summary>
    public static bool IsPossible => NetworkHosts.ArePossible && PostgresServer.IsInstalled;

    /// <summary>Whether clocks of hosts can be set.</summary>
    public static bool HasClocks => ClockLibrary is not null;

    internal NetworkHosts Network => hosts ?? throw new InvalidOperationException("The cluster was not started yet.");

    internal PostgresServer Server => server ?? throw new InvalidOperationException("The cluster was not started yet.");

    /// <summary>Clients of the gateways.</summary>
    public IReadOnlyList<HttpClient> Gateways => [Http, second!];

    /// <summary>Where all hosts see artifacts.</summary>
    public string Artifacts => Path.Combine(StateFolder, "artifacts");

    /// <summary>Those that run a silo or the database, and what else a cluster needs.</summary>
    protected virtual int HostCount => Hosts;

    /// <summary>How the hosts' silos are told where artifacts are.</summary>
    protected virtual IReadOnlyList<string> Store => [$"--Cluster:ArtifactStore={Artifacts}"];

    /// <summary>The file by which silos know each other.</summary>
    protected string Certificate => Path.Combine(Folder, "silo.pem");

    protected override IReadOnlyList<string> Within => On(FirstGateway);

    protected override IReadOnlyList<string> Settings =>
    [
        $"--ConnectionStrings:Postgres={server?.ConnectionStringOf(Database)}", .. Store,
        $"--Cluster:Tls:Certificate={Certificate}", "--Scaling:Target=Fixed", .. FaultSettings.Values,
    ];

    public override ValueTask InitializeAsync() => IsPossible ? base.InitializeAsync() : ValueTask.CompletedTask;

    public override IReadOnlyList<int> WorkerIds() =>
        [.. Enumerable.Range(SecondGateway + 1, Hosts - SecondGateway - 1).Select(ProcessOf).OfType<int>()];

    /// <summary>The silo of a host, if it runs.</summary>
    public int? ProcessOf(int host) =>
        host == FirstGateway ? Runs(GatewayId) ? GatewayId : null
        : silos[host] is { } silo && Runs(silo.Id) ? silo.Id : null;

    /// <summary>Sets a host's clock this far from the machine's.</summary>
    public void SetClock(int host, TimeSpan offset) => File.WriteAllText(
        ClockFile(host), string.Create(CultureInfo.InvariantCulture, $"{offset.TotalSeconds:+0;-0;+0}\n"));

    public override async Task StartAsync()
    {
        if (hosts is null)
        {
            hosts = await NetworkHosts.CreateAsync(HostCount);
            for (var host = 0; host < Hosts; host++)
            {
                SetClock(host, TimeSpan.Zero);
            }

            server = await PostgresServer.Create(NetworkHosts.Address(DatabaseHost), hosts.Enter(DatabaseHost));
            await server.CreateDatabase(Database);
            await CommandOnceAsync([], ["certificate", "create", "--out", Certificate]);
            await PrepareAsync();
            await CommandOnceAsync(Within, ["migrate", .. Settings]);
        }

        await base.StartAsync();
    }

    /// <summary>Starts what does not run.</summary>
    public override async Task ReviveAsync()
    {
        if (!Server.IsRunning)
        {
            await Server.Start();
        }

        // One that was given up by the others ends itself, perhaps only while it is looked at here.
        await Until(
            async () =>
            {
                StartOthers();
                await base.ReviveAsync();
                return await IsReadyAsync(second!) && await IsReadyAsync(Http);
            },
            TimeSpan.FromMinutes(3), () => Log.ToString());
    }

    public override async ValueTask DisposeAsync()
    {
        await KillAsync([.. silos.OfType<Process>().Select(silo => silo.Id).Where(Runs)]);
        Array.ForEach(silos, silo => silo?.Dispose());
        second?.Dispose();
        await base.DisposeAsync();
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        if (hosts is not null)
        {
            await hosts.DisposeAsync();
        }
    }

    protected override SocketsHttpHandler CreateHandler() => HandlerOf(FirstGateway);

    protected override IReadOnlyList<string> Listen(string address) => [$"--Urls=http://127.0.0.1:{GatewayPort}"];

    protected override Task WhileStartingAsync()
    {
        StartOthers();
        second ??= new HttpClient(HandlerOf(SecondGateway))
        {
            BaseAddress = Http.BaseAddress, Timeout = TimeSpan.FromSeconds(60),
        };
        return Task.CompletedTask;
    }

    /// <summary>What has to be there before the first silo runs. The hosts are there.</summary>
    protected virtual Task PrepareAsync() => Task.CompletedTask;

    private void StartOthers()
    {
        for (var host = SecondGateway; host < Hosts; host++)
        {
            if (ProcessOf(host) is null)
            {
                silos[host]?.Dispose();
                silos[host] = StartSilo(
                    [.. OfHost(host), $"--Cluster:Workers={Workers}", "--Cluster:DashboardPort=0",
                     .. host == SecondGateway ? Listen("") : ["--Cluster:Role=Worker"]],
                    Path.Combine(Folder, $"host-{host}"), On(host));
            }
        }
    }

    private static string[] OfHost(int host) =>
    [
        $"--Cluster:AdvertisedAddress={NetworkHosts.Address(host)}", "--Cluster:SiloPort=11111",
        "--Cluster:SiloGatewayPort=30000",
    ];

    /// <summary>A command that becomes another one on a host.</summary>
    protected virtual IReadOnlyList<string> On(int host) => ClockLibrary is null
        ? Network.Enter(host)
        :
        [
            .. Network.Enter(host), "env", $"LD_PRELOAD={ClockLibrary}", $"FAKETIME_TIMESTAMP_FILE={ClockFile(host)}",
            "FAKETIME_CACHE_DURATION=1", "DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1",
        ];

    private string ClockFile(int host) => Path.Combine(Folder, $"clock-{host}");

    private SocketsHttpHandler HandlerOf(int host) => new()
    {
        ConnectCallback = (_, cancellationToken) =>
            Network.ConnectAsync(host, new IPEndPoint(IPAddress.Loopback, GatewayPort), cancellationToken),
    };

    private async Task CommandOnceAsync(IReadOnlyList<string> within, IReadOnlyList<string> arguments)
    {
        using var command = Launch(arguments, within);
        var output = await Task.WhenAll(command.StandardOutput.ReadToEndAsync(), command.StandardError.ReadToEndAsync());
        await command.WaitForExitAsync();
        Assert.True(command.ExitCode == 0, string.Concat(output));
    }

    private static async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using var response = await http.GetAsync("health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
