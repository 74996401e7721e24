using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.ClusterTests;

/// <summary>
/// What is lost of a cluster while a job runs: a worker's voice, the queue, the job's own grain, and its being the only one.
/// </summary>
public sealed class LossTests
{
    [Fact]
    public async Task Worker_ThatFallsSilent_LosesItsTasksAndWhatItDoesLateCountsForNothing()
    {
        await using var world = await ClusterWorld.StartAsync(silos: 2, partitions: 1);
        var (begun, goesOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var silent = world.Workers[0];
        silent.Work = (_, _) =>
        {
            silent.IsSilent = true;
            begun.TrySetResult();
            return goesOn.Task;
        };
        var job = await world.SubmitAsync();
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60));

        world.AddWorker(1);
        var end = await world.EndAsync(job);
        goesOn.SetResult();

        Assert.Equal(JobPhase.Succeeded, end.Phase);
        Assert.Equal("0-2", Assert.Single(end.Result!.Files).Path);
        await Task.Delay(100);
        var partition = Assert.Single(await world.Checkpoints.List(job, null, CancellationToken.None));
        Assert.Equal((2, world.Workers[1].Id), (partition.Attempt, partition.Worker));
    }

    [Fact]
    public async Task Queue_WhoseSiloIsKilled_ComesBackAndTheJobGoesOn()
    {
        await using var world = await ClusterWorld.StartAsync(silos: 3, workers: 0);
        var job = await world.SubmitAsync();
        await ClusterWorld.UntilAsync(() => world.Queue.Ping(), () => "The queue has not read the jobs.");
        world.Time.Step = TimeSpan.FromMilliseconds(200);

        await world.KillHostAsync(world.Queue);
        world.AddWorkerOnALivingSilo();

        var end = await world.EndAsync(job);
        Assert.Equal((JobPhase.Succeeded, null), (end.Phase, end.Error?.Detail));
        Assert.Single(world.Publisher.Shown);
    }

    [Fact]
    public async Task Job_WhoseSiloIsKilledWhileItPublishes_IsPublishedOnceByAnother()
    {
        await using var world = await ClusterWorld.StartAsync(silos: 3, workers: 0);
        world.Publisher.Before = (call, _, _) =>
            call == 1 ? Task.Delay(Timeout.Infinite, CancellationToken.None) : Task.CompletedTask;
        var job = await world.SubmitAsync();
        await world.AddWorkerAwayFromAsync(world.Grain(job));
        await ClusterWorld.UntilAsync(() => Task.FromResult(world.Publisher.Calls == 1), () => "Nothing is published.");
        world.Time.Step = TimeSpan.FromMilliseconds(200);

        await world.KillHostAsync(world.Grain(job));

        var end = await world.EndAsync(job);
        Assert.Equal((JobPhase.Succeeded, null), (end.Phase, end.Error?.Detail));
        Assert.Single(world.Publisher.Shown);
    }

    [Fact]
    public async Task Job_WithAnActivationInEachOfTwoClusters_HasOneEndAndOneOutput()
    {
        await using var world = await ClusterWorld.StartAsync(partitions: 8);
        await using var rival = await ClusterWorld.StartAsync(partitions: 8, beside: world);
        for (var round = 0; round < 5; round++)
        {
            var job = await world.SubmitAsync();
            rival.Grain(job).Wake().Ignore();
            var end = await world.EndAsync(job);

            Assert.Equal(JobPhase.Succeeded, end.Phase);
            Assert.Single(world.Publisher.Shown, output => output.Job == job);
            var partitions = await world.Checkpoints.List(job, null, CancellationToken.None);
            Assert.Equal(8, partitions.Count);
            Assert.Equal(
                partitions.Select(partition => $"{partition.Task.Partition}-{partition.Attempt}").Order(StringComparer.Ordinal),
                end.Result!.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Status_OfAnActivationThatTheOthersDoNotHearOf_IsNoOlderThanASecond()
    {
        await using var world = await ClusterWorld.StartAsync(workers: 0);
        await using var rival = await ClusterWorld.StartAsync(workers: 0, beside: world);
        var job = await world.SubmitAsync();
        await ClusterWorld.UntilAsync(
            async () => (await world.Checkpoints.Tally(job, CancellationToken.None)).Count > 0, () => "Its stage is not open.");
        Assert.Equal(JobPhase.Queued, (await rival.Grain(job).GetStatus()).Phase);

        await world.Grain(job).Cancel();
        var end = await world.EndAsync(job);
        var cancelled = world.Time.Clock.GetUtcNow();
        while (world.Time.Clock.GetUtcNow() - cancelled < TimeSpan.FromSeconds(1))
        {
            await Task.Delay(1);
        }

        var shown = await rival.Grain(job).GetStatus();
        Assert.Equal((JobPhase.Cancelled, end.Revision), (shown.Phase, shown.Revision));
    }
}
