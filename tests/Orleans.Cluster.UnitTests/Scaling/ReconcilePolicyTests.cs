using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;
using static Orleans.Cluster.UnitTests.Scaling.ScalingSamples;

namespace Orleans.Cluster.UnitTests.Scaling;

public sealed class ReconcilePolicyTests
{
    private static readonly ScaleInstance[] Four = [Instance(1), Instance(2), Instance(3), Instance(4)];

    [Fact]
    public void Plan_FewerThanWanted_StartsTheMissing()
    {
        var plan = ReconcilePolicy.Plan(Desired(6), View(Four, [.. Four.Select(one => WorkerOf(one))]));

        Assert.Equal(2, plan.Start);
        Assert.Empty(plan.Leaving);
    }

    [Fact]
    public void Plan_MoreThanWanted_IdleOnesLeaveFirstAndBusyOnesAreOnlyDrained()
    {
        WorkerStatus[] workers =
            [WorkerOf(Four[0], busy: 1), WorkerOf(Four[1], busy: 1), WorkerOf(Four[2], busy: 1), WorkerOf(Four[3])];

        var plan = ReconcilePolicy.Plan(Desired(2), View(Four, workers));

        Assert.Equal(2, plan.Leaving.Count);
        Assert.Contains("4", plan.Leaving.Keys);
        Assert.Empty(plan.Stop);
        Assert.Equal(2, plan.Drain.Count);
    }

    [Fact]
    public void Plan_OneWorkerAskedToLeave_IsDrainedAndReplaced()
    {
        var desired = Desired(4).Drain(new WorkerId("w-2"), Now);

        var plan = ReconcilePolicy.Plan(desired, View(Four, [.. Four.Select(one => WorkerOf(one, busy: 1))]));

        Assert.Equal(["2"], plan.Leaving.Keys);
        Assert.Equal([new WorkerId("w-2")], plan.Drain);
        Assert.Equal(1, plan.Start);
        Assert.Empty(plan.Stop);
    }

    [Fact]
    public void Plan_WorkerAskedToLeaveIsIdle_IsStoppedAndStaysGoing()
    {
        var desired = Desired(4).Drain(new WorkerId("w-2"), Now);
        var leaving = new Dictionary<string, DateTimeOffset> { ["2"] = Now };

        var plan = ReconcilePolicy.Plan(
            desired,
            View(Four, [.. Four.Select(one => WorkerOf(one, state: one.Id == "2" ? WorkerState.Draining : WorkerState.Active))],
                leaving));

        Assert.Equal(["2"], plan.Stop);
        Assert.Equal(["2"], plan.Leaving.Keys);
    }

    [Fact]
    public void Plan_DrainedAndIdle_IsStopped()
    {
        WorkerStatus[] workers = [WorkerOf(Four[0]), WorkerOf(Four[1], busy: 1, WorkerState.Draining),
            WorkerOf(Four[2], busy: 0, WorkerState.Draining), WorkerOf(Four[3])];
        var leaving = new Dictionary<string, DateTimeOffset> { ["2"] = Now, ["3"] = Now };

        var plan = ReconcilePolicy.Plan(Desired(2), View(Four, workers, leaving));

        Assert.Equal(["3"], plan.Stop);
        Assert.False(plan.StopAtOnce);
    }

    [Fact]
    public void Plan_DrainBoundIsOver_StopsABusyOneToo()
    {
        var leaving = new Dictionary<string, DateTimeOffset> { ["1"] = Now.AddMinutes(-11) };

        var plan = ReconcilePolicy.Plan(
            Desired(3),
            View(Four, [.. Four.Select(one => WorkerOf(one, busy: 1, one.Id == "1" ? WorkerState.Draining : WorkerState.Active))],
                leaving));

        Assert.Equal(["1"], plan.Stop);
    }

    [Fact]
    public void Plan_QueueDoesNotKnowTheWorkerAnyMore_WaitsForItsReport()
    {
        var leaving = new Dictionary<string, DateTimeOffset> { ["1"] = Now };

        var plan = ReconcilePolicy.Plan(Desired(3), View(Four, [], leaving));

        Assert.Empty(plan.Stop);
    }

    [Fact]
    public void Plan_WantedAgain_KeepsThoseThatWereNotAskedToEnd()
    {
        var leaving = new Dictionary<string, DateTimeOffset> { ["1"] = Now, ["2"] = Now };
        var workers = Four.Select(one =>
            WorkerOf(one, busy: 1, leaving.ContainsKey(one.Id) ? WorkerState.Draining : WorkerState.Active)).ToList();

        var plan = ReconcilePolicy.Plan(Desired(4), View(Four, workers, leaving, new HashSet<string> { "1" }));

        Assert.Equal(["1"], plan.Leaving.Keys);
        Assert.Equal(1, plan.Start);
    }

    [Fact]
    public void Plan_Stopped_EverythingLeavesAndNothingStarts()
    {
        var desired = Desired(4).Stop(atOnce: false, Now);

        var plan = ReconcilePolicy.Plan(desired, View(Four, [.. Four.Select(one => WorkerOf(one, busy: 1))]));

        Assert.Equal((0, 4, 4), (plan.Start, plan.Leaving.Count, plan.Drain.Count));
        Assert.Empty(plan.Stop);
    }

    [Fact]
    public void Plan_StoppedAtOnce_EndsBusyOnesWithoutGrace()
    {
        var desired = Desired(4).Stop(atOnce: true, Now);

        var plan = ReconcilePolicy.Plan(desired, View(Four, [.. Four.Select(one => WorkerOf(one, busy: 1))]));

        Assert.Equal(4, plan.Stop.Count);
        Assert.True(plan.StopAtOnce);
    }

    [Fact]
    public void Plan_AnotherShapeIsWanted_ReplacesEach()
    {
        var desired = Desired(4).Start(null, new WorkerShape(2, 1 << 30), Now);

        var plan = ReconcilePolicy.Plan(desired, View(Four, [.. Four.Select(one => WorkerOf(one))]));

        Assert.Equal((4, 4), (plan.Start, plan.Leaving.Count));
    }

    [Fact]
    public void Plan_SiloDeadForAMinuteWhileItsProcessGoesOn_IsKilled()
    {
        var frozen = WorkerOf(Four[0], state: WorkerState.Dead) with { LastSeen = Now.AddSeconds(-61) };
        var lately = WorkerOf(Four[1], state: WorkerState.Dead) with { LastSeen = Now.AddSeconds(-20) };

        var plan = ReconcilePolicy.Plan(Desired(4), View(Four, [frozen, lately, WorkerOf(Four[2]), WorkerOf(Four[3])]));

        Assert.Equal(["1"], plan.Kill);
    }

    [Fact]
    public void Plan_TwoOfFourDied_ReplacesThemAtOnce()
    {
        ScaleInstance[] instances = [Instance(1, 10), Instance(2, 10), Ended(3, 9, 1), Ended(4, 9, 1)];

        var plan = ReconcilePolicy.Plan(Desired(4), View(instances, [WorkerOf(instances[0]), WorkerOf(instances[1])]));

        Assert.Equal(2, plan.Start);
        Assert.Null(plan.Pause);
    }

    [Fact]
    public void Plan_WorkersKeepEnding_PausesAndSaysWhy()
    {
        var instances = Enumerable.Range(1, 16).Select(process => Ended(process, 0.1, 0.5)).ToList();

        var plan = ReconcilePolicy.Plan(Desired(4), View(instances, []));

        Assert.Equal(0, plan.Start);
        Assert.NotNull(plan.Pause);
        Assert.Equal(16, plan.Pause.ShortLives);
        Assert.Contains("code 1", plan.Pause.LastEnd, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(8, 1)]
    [InlineData(12, 2)]
    [InlineData(16, 4)]
    [InlineData(400, 60)]
    public void PauseAfter_MoreRounds_GrowsUpToItsBound(int shortLives, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), RestartPolicy.PauseAfter(shortLives, wanted: 4));
    }
}
