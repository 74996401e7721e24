using System.Net;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Gateway;
using Orleans.Cluster.Gateway.Inside;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.Silo.Processes;
using Orleans.Cluster.Silo.Transport;
using Orleans.Cluster.Storage;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Orleans.Cluster.Silo;

/// <summary>The Orleans silo of this process.</summary>
internal static class OrleansSilo
{
    private static readonly TimeSpan MaxProbeTimeout = TimeSpan.FromSeconds(4);
    private const int MissedProbes = 3;
    private const int CachedAddresses = 20_000;

    public static void AddClusterSilo(
        this IHostApplicationBuilder builder, ClusterSettings settings, ClusterIdentity identity, StorageConnection storage)
    {
        builder.Services.AddSingleton(identity);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options =>
            {
                options.ClusterId = identity.ClusterId;
                options.ServiceId = ClusterIdentity.ServiceId;
            });
            silo.Configure<SiloOptions>(options => options.SiloName =
                $"{settings.Role}-{Environment.ProcessId}".ToLowerInvariant());
            silo.ConfigureEndpoints(settings, identity.Address);
            silo.UseTlsOf(builder.Configuration, identity.Address, settings.StateDirectory);
            silo.UseStorage(storage);
            silo.UseMembership(settings);
            // By default the cache of addresses has room for a million grains, and the dashboard counts it, room and all, each
            // second.
            silo.Configure<GrainDirectoryOptions>(options => options.CacheSize = CachedAddresses);
            // Idle activations of stateless workers go with the others; by default each silo looks for them twice a second.
            silo.Configure<StatelessWorkerOptions>(options => options.RemoveIdleWorkers = false);
            silo.UseSiloMetadata(new Dictionary<string, string> { ["role"] = settings.Role.ToString().ToLowerInvariant() });
            if (settings.Role == SiloRole.Worker)
            {
                silo.WithoutInsideGrains();
            }

            silo.AddActivityPropagation();
            // Its log stream would show every line of this process to every viewer. Figures every 5 s: each silo pays for them
            // always.
            silo.AddDashboard(options => (options.HideTrace, options.CounterUpdateIntervalMs) = (true, 5_000));
        });
    }

    /// <summary>Ends a start whose own ports, where settings name them, cannot be had.</summary>
    /// <exception cref="StartRefusedException">A port is taken, or the address is not this machine's.</exception>
    public static void RefuseTaken(ClusterSettings settings, IPAddress address)
    {
        foreach (var (port, name) in new[]
            { (settings.SiloPort, nameof(settings.SiloPort)), (settings.SiloGatewayPort, nameof(settings.SiloGatewayPort)) })
        {
            FreePorts.RefuseTaken(
                new IPEndPoint(address, port), $"{ClusterSettings.Section}:{name}",
                $"{ClusterSettings.Section}:{nameof(settings.AdvertisedAddress)}");
        }
    }

    private static void ConfigureEndpoints(this ISiloBuilder silo, ClusterSettings settings, IPAddress address)
    {
        var siloPort = settings.SiloPort != 0 ? settings.SiloPort : FreePorts.Take(address);
        var gatewayPort = settings.SiloGatewayPort != 0 ? settings.SiloGatewayPort : FreePorts.Take(address);
        silo.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = address;
            (options.SiloPort, options.GatewayPort) = (siloPort, gatewayPort);
            // Only where others are told to connect, not on every interface.
            options.SiloListeningEndpoint = new IPEndPoint(address, siloPort);
            options.GatewayListeningEndpoint = new IPEndPoint(address, gatewayPort);
        });
    }

    private static void UseStorage(this ISiloBuilder silo, StorageConnection storage)
    {
        silo.UseAdoNetClustering(options =>
            (options.Invariant, options.ConnectionString) = (storage.Invariant, storage.ConnectionString));
        silo.AddAdoNetGrainStorageAsDefault(options =>
        {
            (options.Invariant, options.ConnectionString) = (storage.Invariant, storage.ConnectionString);
            options.DeleteStateOnClear = true;
        });
        silo.UseSystemTextJsonGrainStorageSerializer();
    }

    /// <summary>
    /// A killed silo is declared dead after about 2.5 s, a frozen one after about 12 s: probes go out every
    /// <see cref="ClusterMembershipOptions.ProbeTimeout"/>, and <see cref="MissedProbes"/> of them must be missed.
    /// </summary>
    private static void UseMembership(this ISiloBuilder silo, ClusterSettings settings)
    {
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(2);
            options.MaxProbeTimeout = MaxProbeTimeout;
            options.NumMissedProbesLimit = MissedProbes;
            options.NumVotesForDeathDeclaration = 2;
            options.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(60);
            options.TableRefreshTimeout = TimeSpan.FromSeconds(20);
            // After a crash of all silos the first new one waits for three of these to be missed; 30 s each by default.
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        if (settings.DistributedDirectory)
        {
#pragma warning disable ORLEANSEXP003 // With the older directory a leaving silo deactivates grains on the silos that stay.
            silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
            // A longer lease would block the grains of a crashed silo for longer than it takes to declare it dead.
            silo.Configure<GrainDirectoryOptions>(options => options.RangeLeaseDuration = MaxProbeTimeout * MissedProbes);
        }
    }
}
