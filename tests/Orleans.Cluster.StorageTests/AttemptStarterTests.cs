using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.Worker;
using Orleans.Runtime;

namespace Orleans.Cluster.StorageTests;

/// <summary>Attempts of a worker whose ports throw what nobody has named.</summary>
public sealed class AttemptStarterTests(PostgresFixture postgres)
{
    private static readonly ResourceRequest OneSlot = new();

    [Fact]
    public async Task Start_WhateverTheDirectoryThrows_StartsEachAndEndsItsRow()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var (starter, runner, ledger) = Worker(storage);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        var begun = await storage.Checkpoints.Begin(job, max: 2);
        Hold(runner, ledger, begun);

        foreach (var partition in begun)
        {
            await starter.Start(TestJobs.AttemptOf(partition));
        }

        await Ended(runner);
        var partitions = await storage.Checkpoints.List(job.Id, 0, default);
        Assert.All(partitions,
            partition =>
            Assert.Equal(
                (PartitionState.Failed, FailureKind.Internal, 1), (partition.State, partition.Failure!.Kind, partition.Faults)));
        Assert.Equal(0, ledger.Busy.Slots);
    }

    [Fact]
    public async Task StartForgotten_HeldAndNotStartedTwice_StartsIt()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var (starter, runner, ledger) = Worker(storage);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        Hold(runner, ledger, await storage.Checkpoints.Begin(job, max: 1));

        starter.StartForgotten();
        var afterOne = runner.Attempts.Single().HasStarted;
        starter.StartForgotten();
        await Ended(runner);

        Assert.False(afterOne);
        Assert.Equal(0, ledger.Busy.Slots);
    }

    private static void Hold(AttemptRunner runner, WorkerRoom ledger, IReadOnlyList<PartitionRecord> begun)
    {
        Assert.Equal(begun.Count, ledger.TryReserve(OneSlot, begun.Count));
        foreach (var partition in begun)
        {
            runner.Hold(partition, TestJobs.Worker, OneSlot);
        }
    }

    // The runner lets go of an attempt as its very last act but one.
    private static async Task Ended(AttemptRunner runner)
    {
        while (runner.Attempts.Count > 0)
        {
            await Task.WhenAll(runner.Attempts.Select(attempt => attempt.Completion));
            await Task.Yield();
        }
    }

    private static (AttemptStarter Starter, AttemptRunner Runner, WorkerRoom Ledger) Worker(TestStorage storage)
    {
        var settings = Options.Create(new ClusterSettings { StateDirectory = storage.StateFolder, SlotsPerWorker = 4 });
        var (paths, executors, grains) = (new ClusterPaths(settings), Options.Create(new ExecutorOptions()),
            Broken<IGrainFactory>());
        var ledger = new WorkerRoom(slots: 4, memoryBytes: 8L << 30, gpus: 0);
        var folders = new AttemptFolders(paths, new ArtifactFolders(paths), NullLogger<AttemptFolders>.Instance);
        var outcomes = new AttemptOutcomes(
            storage.Checkpoints, Broken<ILossJudge>(),
            new StoreBlame(Broken<IArtifactSight>(), paths, Options.Create(new WorkerOptions())), TimeProvider.System,
            NullLogger<AttemptOutcomes>.Instance);
        var assembler = new TaskAssembler(Broken<IJobStore>(), storage.Checkpoints, folders, executors, TimeProvider.System);
        var execution = new AttemptExecution(
            assembler, null!, folders, outcomes, executors, TimeProvider.System, NullLogger<AttemptExecution>.Instance);
        var runner = new AttemptRunner(
            execution, outcomes, folders, ledger, grains, TimeProvider.System, NullLogger<AttemptRunner>.Instance);
        return (new AttemptStarter(
            grains, runner, Broken<ILocalSiloDetails>(), TimeProvider.System, NullLogger<AttemptStarter>.Instance), runner,
            ledger);
    }

    private static T Broken<T>()
        where T : class => DispatchProxy.Create<T, BrokenPort>();

#pragma warning disable CA1852 // The proxy is a class that derives from it.
    internal class BrokenPort : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            throw new InvalidOperationException("Nobody expected this.");
    }
#pragma warning restore CA1852
}
