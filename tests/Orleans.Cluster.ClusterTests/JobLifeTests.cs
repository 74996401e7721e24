using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.ClusterTests;

/// <summary>A job from its submit to its end, and what planning may do to it.</summary>
public sealed class JobLifeTests
{
    [Fact]
    public async Task Job_WithNothingInItsWay_GoesThroughItsPhasesOnce()
    {
        await using var world = await ClusterWorld.StartAsync();

        var job = await world.SubmitAsync();
        var end = await world.EndAsync(job);

        Assert.Equal(JobPhase.Succeeded, end.Phase);
        Assert.Equal(
            [JobPhase.Queued, JobPhase.Planning, JobPhase.Queued, JobPhase.Running, JobPhase.Publishing, JobPhase.Succeeded],
            await world.PhasesAsync(job));
        Assert.Equal((1, 1, 3), (world.Planning.Calls, world.Publisher.Shown.Count, end.Result!.Files.Count));
    }

    [Fact]
    public async Task Planning_EngineThatDiesTwice_IsAskedAThirdTime()
    {
        await using var world = await ClusterWorld.StartAsync();
        world.Planning.Before = (call, _) => call <= 2 ? throw Crash() : Task.CompletedTask;

        var end = await world.EndAsync(await world.SubmitAsync());

        Assert.Equal((JobPhase.Succeeded, 3), (end.Phase, world.Planning.Calls));
    }

    [Fact]
    public async Task Planning_EngineThatDiesEachTime_FailsTheJobAfterThree()
    {
        await using var world = await ClusterWorld.StartAsync();
        world.Planning.Before = (_, _) => throw Crash();

        var end = await world.EndAsync(await world.SubmitAsync());

        Assert.Equal((JobPhase.Failed, 3), (end.Phase, world.Planning.Calls));
        Assert.Equal(ProblemCode.ExecutorCrashed.Word, end.Error!.Code);
    }

    [Fact]
    public async Task Planning_WhatNobodyExpected_IsTriedThreeTimes()
    {
        await using var world = await ClusterWorld.StartAsync();
        world.Planning.Before = (call, _) =>
            call <= 2 ? throw new ObjectDisposedException("a silo that ends") : Task.CompletedTask;

        var end = await world.EndAsync(await world.SubmitAsync());

        Assert.Equal((JobPhase.Succeeded, 3), (end.Phase, world.Planning.Calls));
    }

    [Fact]
    public async Task Planning_DataThatIsRefused_FailsTheJobAtOnce()
    {
        await using var world = await ClusterWorld.StartAsync();
        world.Planning.Before = (_, _) => throw new ClusterException(ProblemCode.DatasetNotFound, "There is no such file.", null);

        var end = await world.EndAsync(await world.SubmitAsync());

        Assert.Equal((JobPhase.Failed, 1), (end.Phase, world.Planning.Calls));
        Assert.Equal(ProblemCode.DatasetNotFound.Word, end.Error!.Code);
    }

    [Fact]
    public async Task Attempt_ThatFailsOnce_RunsAgainAndTheOthersDoNot()
    {
        await using var world = await ClusterWorld.StartAsync();
        world.Workers[0].Work = (attempt, _) =>
            attempt is { Task.Partition: 1, Number: 1 } ? throw new InvalidOperationException("once") : Task.CompletedTask;

        var end = await world.EndAsync(await world.SubmitAsync());

        Assert.Equal(JobPhase.Succeeded, end.Phase);
        Assert.Equal(["0-1", "1-2", "2-1"], end.Result!.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Retry_OfAFailedJob_RunsOnlyWhatIsMissing()
    {
        await using var world = await ClusterWorld.StartAsync();
        var broken = true;
        world.Workers[0].Work = (attempt, _) => broken && attempt.Task.Partition == 1
            ? throw new InvalidOperationException("broken") : Task.CompletedTask;
        var job = await world.SubmitAsync();
        Assert.Equal(JobPhase.Failed, (await world.EndAsync(job)).Phase);

        broken = false;
        await world.Grain(job).Retry();
        var end = await world.UntilAsync(job, JobPhase.Succeeded);

        Assert.Equal(2, end.Epoch);
        Assert.Equal(1, world.Planning.Calls);
        Assert.Equal(["0-1", "2-1"],
            end.Result!.Files.Select(file => file.Path).Where(path => !path.StartsWith('1')).Order(StringComparer.Ordinal));
    }

    private static ClusterException Crash() => new(ProblemCode.ExecutorCrashed, "The engine died.", null);
}
