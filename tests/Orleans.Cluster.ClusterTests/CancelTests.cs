using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.ClusterTests;

/// <summary>Cancelling and running out of time, in each phase.</summary>
public sealed class CancelTests
{
    [Fact]
    public async Task Cancel_WhilePlanningStandsStill_EndsItAndThePlanning()
    {
        await using var world = await ClusterWorld.StartAsync();
        var given = new TaskCompletionSource();
        world.Planning.Before = (_, stop) => StandStill(given, stop);
        var job = await world.SubmitAsync();
        await ClusterWorld.UntilAsync(() => Task.FromResult(world.Planning.Calls == 1), () => "Nothing plans.");

        await world.Grain(job).Cancel();

        Assert.Equal(JobPhase.Cancelled, (await world.EndAsync(job)).Phase);
        await given.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    // Between the row's change to PLANNING and the beginning of planning.
    [Fact]
    public async Task Cancel_AsSoonAsTheJobIsInPlanning_LetsNoPlanningBeginBehindIt()
    {
        await using var world = await ClusterWorld.StartAsync();
        var standing = 0;
        world.Planning.Before = async (_, stop) =>
        {
            Interlocked.Increment(ref standing);
            try
            {
                await Task.Delay(Timeout.Infinite, stop);
            }
            finally
            {
                Interlocked.Decrement(ref standing);
            }
        };
        for (var round = 0; round < 10; round++)
        {
            var job = await world.SubmitAsync();
            await world.UntilAsync(job, JobPhase.Planning);

            await world.Grain(job).Cancel();

            Assert.Equal(JobPhase.Cancelled, (await world.EndAsync(job)).Phase);
            await ClusterWorld.UntilAsync(() => Task.FromResult(Volatile.Read(ref standing) == 0), () => "It plans on.");
        }
    }

    [Fact]
    public async Task Cancel_WithNoWorker_EndsItAtOnce()
    {
        await using var world = await ClusterWorld.StartAsync(workers: 0);
        var job = await world.SubmitAsync();
        await ClusterWorld.UntilAsync(
            async () => (await world.Checkpoints.Tally(job, CancellationToken.None)).Count > 0, () => "Its stage is not open.");

        await world.Grain(job).Cancel();

        Assert.Equal(JobPhase.Cancelled, (await world.EndAsync(job)).Phase);
    }

    [Fact]
    public async Task Cancel_WhileTasksRun_IsSaidWhenNothingRunsAnyMore()
    {
        await using var world = await ClusterWorld.StartAsync();
        var given = new TaskCompletionSource();
        world.Workers[0].Work = (_, stop) => StandStill(given, stop);
        var job = await world.SubmitAsync();
        await world.UntilAsync(job, JobPhase.Running);

        await world.Grain(job).Cancel();

        Assert.Equal(JobPhase.Cancelled, (await world.EndAsync(job)).Phase);
        Assert.True(given.Task.IsCompleted);
        Assert.Empty(await world.Checkpoints.ListRunning(job, CancellationToken.None));
    }

    [Fact]
    public async Task Cancel_WhilePublishingStandsStill_ShowsNothing()
    {
        await using var world = await ClusterWorld.StartAsync();
        var given = new TaskCompletionSource();
        world.Publisher.Before = (_, _, stop) => StandStill(given, stop);
        var job = await world.SubmitAsync();
        await ClusterWorld.UntilAsync(() => Task.FromResult(world.Publisher.Calls == 1), () => "Nothing is published.");

        await world.Grain(job).Cancel();

        Assert.Equal(JobPhase.Cancelled, (await world.EndAsync(job)).Phase);
        await given.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(world.Publisher.Shown);
    }

    [Fact]
    public async Task Cancel_BehindThePointOfNoReturn_ComesTooLate()
    {
        await using var world = await ClusterWorld.StartAsync();
        var (reached, goesOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        world.Publisher.Behind = () =>
        {
            reached.TrySetResult();
            return goesOn.Task;
        };
        var job = await world.SubmitAsync();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(60));

        var cancelling = world.Grain(job).Cancel();
        goesOn.SetResult();
        var end = await world.EndAsync(job);

        Assert.Equal((JobPhase.Succeeded, 1), (end.Phase, world.Publisher.Shown.Count));
        await Record.ExceptionAsync(() => cancelling); // Said no or too late; either way the job has its result.
    }

    [Theory]
    [InlineData(JobPhase.Planning)]
    [InlineData(JobPhase.Running)]
    [InlineData(JobPhase.Publishing)]
    public async Task Timeout_InEachPhase_FailsTheJobAndNothingRunsOn(JobPhase phase)
    {
        await using var world = await ClusterWorld.StartAsync();
        var given = new TaskCompletionSource();
        world.Planning.Before = (_, stop) => phase == JobPhase.Planning ? StandStill(given, stop) : Task.CompletedTask;
        world.Workers[0].Work = (_, stop) => phase == JobPhase.Running ? StandStill(given, stop) : Task.CompletedTask;
        world.Publisher.Before = (_, _, stop) => phase == JobPhase.Publishing ? StandStill(given, stop) : Task.CompletedTask;
        var limit = TimeSpan.FromMinutes(5);
        var submitted = world.Time.Clock.GetUtcNow();
        var job = await world.SubmitAsync(limit);
        await world.UntilAsync(job, phase);
        world.Time.Step = TimeSpan.FromMilliseconds(200);

        var end = await world.EndAsync(job);

        Assert.Equal((JobPhase.Failed, ProblemCode.JobTimeout.Word), (end.Phase, end.Error!.Code));
        Assert.True(end.FinishedAt - submitted >= limit, $"{end.FinishedAt - submitted}");
        await given.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(world.Publisher.Shown);
    }

    private static async Task StandStill(TaskCompletionSource given, CancellationToken stop)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        finally
        {
            given.TrySetResult();
        }
    }
}
