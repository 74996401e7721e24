using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.ClusterTests;

/// <summary>Publishing: how long it is tried, and what stops it.</summary>
public sealed class PublishingTests
{
    [Fact]
    public async Task Publish_DiskThatRefusesForMinutes_IsWaitedFor()
    {
        await using var world = await ClusterWorld.StartAsync();
        DateTimeOffset? first = null;
        world.Publisher.Before = (_, _, _) =>
        {
            var now = world.Time.Clock.GetUtcNow();
            return now - (first ??= now) < TimeSpan.FromMinutes(8) ? throw new IOException("full") : Task.CompletedTask;
        };
        var job = await world.SubmitAsync();
        await world.UntilAsync(job, JobPhase.Publishing);
        world.Time.Step = TimeSpan.FromMilliseconds(500);

        var end = await world.EndAsync(job);

        Assert.Equal((JobPhase.Succeeded, 1), (end.Phase, world.Publisher.Shown.Count));
    }

    [Fact]
    public async Task Publish_DiskThatRefusesForGood_FailsTheJobAfterTenMinutes()
    {
        await using var world = await ClusterWorld.StartAsync();
        DateTimeOffset? first = null;
        world.Publisher.Before = (_, _, _) =>
        {
            first ??= world.Time.Clock.GetUtcNow();
            throw new IOException("full");
        };
        var job = await world.SubmitAsync();
        await world.UntilAsync(job, JobPhase.Publishing);
        world.Time.Step = TimeSpan.FromMilliseconds(500);

        var end = await world.EndAsync(job);

        Assert.Equal((JobPhase.Failed, 0), (end.Phase, world.Publisher.Shown.Count));
        Assert.True(end.FinishedAt - first >= PublishingTries.Patience, $"{end.FinishedAt - first}");
        Assert.Contains("full", end.Error!.Detail, StringComparison.Ordinal);
        await ClusterWorld.UntilAsync(() => Task.FromResult(world.Publisher.Cleared > 0), () => "Its folder is not cleared.");
    }

    [Fact]
    public async Task Publish_WhatNobodyExpected_IsTriedThreeTimes()
    {
        await using var world = await ClusterWorld.StartAsync();
        world.Publisher.Before = (_, _, _) => throw new InvalidOperationException("What is this?");

        var end = await world.EndAsync(await world.SubmitAsync());

        Assert.Equal((JobPhase.Failed, PublishingTries.MaxUnexpected), (end.Phase, world.Publisher.Calls));
    }

    [Fact]
    public async Task Publish_ArtifactThatIsLost_IsMadeAgainAndShownOnce()
    {
        await using var world = await ClusterWorld.StartAsync();
        world.Publisher.Before = (call, partitions, _) => call == 1
            ? throw new ArtifactLostException(new AttemptId(partitions[1].Task, partitions[1].Attempt), "gone")
            : Task.CompletedTask;

        var end = await world.EndAsync(await world.SubmitAsync());

        Assert.Equal((JobPhase.Succeeded, 1), (end.Phase, world.Publisher.Shown.Count));
        Assert.Equal(["0-1", "1-2", "2-1"], end.Result!.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
    }
}
