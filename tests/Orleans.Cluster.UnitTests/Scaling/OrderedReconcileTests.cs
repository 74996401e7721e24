using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;
using static Orleans.Cluster.UnitTests.Scaling.ScalingSamples;

namespace Orleans.Cluster.UnitTests.Scaling;

/// <summary>Reconciling where a controller ends instances by rules of its own.</summary>
public sealed class OrderedReconcileTests
{
    private static readonly ScaleInstance[] Four =
        [.. Enumerable.Range(0, 4).Select(n => Instance(n + 1) with { Ordinal = n, Shape = null })];

    [Fact]
    public void Plan_MoreThanWanted_TheLastLeaveAlthoughOthersAreIdle()
    {
        WorkerStatus[] workers = [WorkerOf(Four[0]), WorkerOf(Four[1]), WorkerOf(Four[2], busy: 1), WorkerOf(Four[3], busy: 1)];

        var plan = ReconcilePolicy.Plan(Desired(2), View(Four, workers));

        Assert.Equal(["3", "4"], plan.Leaving.Keys.Order());
        Assert.Empty(plan.Stop);
    }

    [Fact]
    public void Plan_DrainedBeforeOneBehindIt_WaitsForThatOne()
    {
        var leaving = new Dictionary<string, DateTimeOffset> { ["3"] = Now, ["4"] = Now };
        WorkerStatus[] busy = [WorkerOf(Four[0]), WorkerOf(Four[1]), WorkerOf(Four[2], 0, WorkerState.Draining),
            WorkerOf(Four[3], 1, WorkerState.Draining)];
        WorkerStatus[] idle = [.. busy.Take(3), WorkerOf(Four[3], 0, WorkerState.Draining)];

        Assert.Empty(ReconcilePolicy.Plan(Desired(2), View(Four, busy, leaving)).Stop);
        Assert.Equal(["3", "4"], ReconcilePolicy.Plan(Desired(2), View(Four, idle, leaving)).Stop.Order());
    }

    [Fact]
    public void Plan_OneMoreWantedAgain_KeepsTheFirstOfThoseThatLeave()
    {
        var leaving = new Dictionary<string, DateTimeOffset> { ["3"] = Now, ["4"] = Now };

        var plan = ReconcilePolicy.Plan(Desired(3), View(Four, [.. Four.Select(one => WorkerOf(one, busy: 1))], leaving));

        Assert.Equal(["4"], plan.Leaving.Keys);
        Assert.Equal(0, plan.Start);
    }

    [Fact]
    public void Plan_OneThatSomebodyElseEnds_IsNotCountedNorKeptNorAskedAgain()
    {
        ScaleInstance[] instances = [Instance(1) with { IsEnding = true }, Instance(2), Instance(3)];
        WorkerStatus[] workers =
            [WorkerOf(instances[0], 1, WorkerState.Draining), WorkerOf(instances[1]), WorkerOf(instances[2])];

        var plan = ReconcilePolicy.Plan(Desired(3), View(instances, workers));
        var stop = ReconcilePolicy.Plan(Desired(3).Stop(atOnce: true, Now), View(instances, workers));

        Assert.Equal((1, 0), (plan.Start, plan.Stop.Count));
        Assert.Equal(["1"], plan.Leaving.Keys);
        Assert.Equal(["1", "2", "3"], stop.Stop.Order());
    }
}
