using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Storage;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Orleans.Cluster.ClusterTests;

/// <summary>
/// Silos in this process with the product's grains over the product's SQLite stores, by a clock that runs fast. What plans,
/// computes and publishes are fakes that a test holds in its hands.
/// </summary>
internal sealed class ClusterWorld : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly RunningTasks tasks = new();
    private readonly List<FakeWorker> workers = [];
    private readonly InProcessTestCluster cluster;
    private readonly ClusterStore store;
    private readonly bool ownsStore;

    private ClusterWorld(ClusterStore store, bool ownsStore, short silos, int partitions)
    {
        (this.store, this.ownsStore) = (store, ownsStore);
        Planning = new FakePlanning(partitions);
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) => Configure(silo));
        builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(Unhurried));
        cluster = builder.Build();
    }

    public FakePlanning Planning { get; }

    public FakePublisher Publisher => store.Publisher;

    public TimePump Time => store.Time;

    public IJobStore Jobs => store.Jobs;

    public ICheckpointStore Checkpoints => store.Checkpoints;

    public IReadOnlyList<FakeWorker> Workers => workers;

    /// <summary>Silos that run, without a worker.</summary>
    public static async Task<ClusterWorld> StartAsync(
        short silos = 1, int partitions = 3, int workers = 1, ClusterWorld? beside = null)
    {
        var world = new ClusterWorld(beside?.store ?? await ClusterStore.CreateAsync(), beside is null, silos, partitions);
        await world.cluster.DeployAsync();
        for (var worker = 0; worker < workers; worker++)
        {
            world.AddWorker(worker % silos);
        }

        return world;
    }

    public FakeWorker AddWorker(int silo)
    {
        var host = cluster.Silos[silo];
        var worker = new FakeWorker(
            host.SiloAddress, host.ServiceProvider.GetRequiredService<IGrainFactory>(), Checkpoints, tasks, Time.Clock);
        workers.Add(worker);
        return worker;
    }

    /// <summary>Adds a worker on a silo that does not host a grain.</summary>
    public async Task AddWorkerAwayFromAsync(IAddressable grain)
    {
        await UntilAsync(() => Task.FromResult(FindHost(grain) is not null), () => "The grain is nowhere.");
        AddWorker(cluster.Silos.ToList().FindIndex(silo => !silo.SiloAddress.Equals(FindHost(grain))));
    }

    /// <summary>Adds a worker on a silo that was not killed.</summary>
    public FakeWorker AddWorkerOnALivingSilo() => AddWorker(cluster.Silos.ToList().FindIndex(silo => silo.IsActive));

    /// <summary>Stores a job and wakes it, as a submit does.</summary>
    public async Task<JobId> SubmitAsync(TimeSpan? timeout = null)
    {
        var now = Time.Clock.GetUtcNow();
        var spec = new JobSpec { Operation = OperationKind.Convert, TimeoutSeconds = (int?)timeout?.TotalSeconds };
        var state = new JobState
        {
            Id = JobId.New(now), Priority = spec.Priority, Phase = JobPhase.Queued, CreatedAt = now, DeadlineAt = now + timeout,
        };
        await Jobs.Create(new NewJob(state, spec, null, null, null, null), CancellationToken.None);
        Grain(state.Id).Wake().Ignore();
        return state.Id;
    }

    public IJobGrain Grain(JobId job) => cluster.Client.GetGrain<IJobGrain>(GrainKeys.Job(job));

    /// <summary>The job's row once it is in a phase.</summary>
    public async Task<JobState> UntilAsync(JobId job, params JobPhase[] phases)
    {
        JobState? state = null;
        await UntilAsync(
            async () =>
            {
                state = (await Jobs.Find(job, CancellationToken.None))!.State;
                return phases.AsEnumerable().Contains(state.Phase);
            },
            () => $"{state}");
        return state!;
    }

    /// <summary>The job's row once it has ended.</summary>
    public Task<JobState> EndAsync(JobId job) => UntilAsync(job, JobPhase.Succeeded, JobPhase.Failed, JobPhase.Cancelled);

    /// <summary>Waits for a condition.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> seen)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < Patience, $"Last seen: {seen()}");
            await Task.Delay(5);
        }
    }

    /// <summary>The phases that a job went through.</summary>
    public async Task<IReadOnlyList<JobPhase>> PhasesAsync(JobId job) =>
        [.. (await Jobs.ListHistory(job, CancellationToken.None)).Select(entry => entry.Phase)];

    /// <summary>Kills the silo that hosts a grain.</summary>
    public Task KillHostAsync(IAddressable grain) => cluster.KillSiloAsync(cluster.GetSiloForAddress(FindHost(grain)!)!);

    private SiloAddress? FindHost(IAddressable grain) =>
        cluster.TryGetGrainContext(grain.GetGrainId(), out var context) ? context.Address.SiloAddress : null;

    public IQueueGrain Queue => cluster.Client.GetGrain<IQueueGrain>(GrainKeys.Queue);

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers)
        {
            await worker.DisposeAsync();
        }

        await cluster.DisposeAsync();
        if (ownsStore)
        {
            await store.DisposeAsync();
        }
    }

    private static void Unhurried(MessagingOptions options) => options.ResponseTimeout = TimeSpan.FromHours(1);

    private void Configure(ISiloBuilder silo)
    {
        silo.Configure<SiloMessagingOptions>(Unhurried);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(30);
            options.NumMissedProbesLimit = 3;
            options.NumVotesForDeathDeclaration = 1;
        });
        silo.Services.AddSingleton<TimeProvider>(Time.Clock);
        silo.Services.AddSingleton(store.Paths);
        silo.Services.AddSingleton(Jobs);
        silo.Services.AddSingleton(Checkpoints);
        silo.Services.AddCoordination();
        silo.Services.AddSingleton<IJobPlanning>(Planning);
        silo.Services.AddSingleton<IOutputPublisher>(Publisher);
        silo.Services.AddSingleton<ICancelledArtifacts, NoArtifacts>();
        silo.Services.AddSingleton<ILossJudge, BelievingJudge>();
        silo.Services.AddSingleton<IPartitionSplitter, NoHalves>();
        silo.Services.AddSingleton<ISourceRecheck, NoHalves>();
        silo.Services.AddSingleton(tasks);
        silo.Services.Configure<QueueOptions>(options =>
            (options.LeaseDuration, options.ExecutorDeadline) = (TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(1)));
    }
}

/// <summary>A database of its own, with the clock and the outputs that belong to it; several clusters may be over one.</summary>
internal sealed class ClusterStore : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly string folder;

    private ClusterStore(string folder)
    {
        this.folder = folder;
        Paths = new ClusterPaths(Options.Create(new ClusterSettings { StateDirectory = folder }));
        services = new ServiceCollection().AddLogging()
            .AddSingleton(Paths)
            .AddSingleton<TimeProvider>(Time.Clock)
            .AddClusterStorage(new ConfigurationBuilder().AddInMemoryCollection(
                new Dictionary<string, string?> { ["Cluster:StateDirectory"] = folder }).Build())
            .BuildServiceProvider();
    }

    public TimePump Time { get; } = new();

    public ClusterPaths Paths { get; }

    public FakePublisher Publisher { get; } = new();

    public IJobStore Jobs => services.GetRequiredService<IJobStore>();

    public ICheckpointStore Checkpoints => services.GetRequiredService<ICheckpointStore>();

    public static async Task<ClusterStore> CreateAsync()
    {
        var store = new ClusterStore(Directory.CreateTempSubdirectory("cluster-").FullName);
        await store.services.GetRequiredService<SchemaMigrator>().Migrate(CancellationToken.None);
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        await Time.DisposeAsync();
        await services.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }
}
