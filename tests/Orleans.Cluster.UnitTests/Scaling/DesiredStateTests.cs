using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;
using static Orleans.Cluster.UnitTests.Scaling.ScalingSamples;

namespace Orleans.Cluster.UnitTests.Scaling;

public sealed class DesiredStateTests
{
    [Fact]
    public void Start_SameSize_IsNoChange()
    {
        var desired = Desired(4);

        Assert.Same(desired, desired.Start(4, Shape, Now));
        Assert.Same(desired, desired.Start(null, Shape, Now));
    }

    [Fact]
    public void Start_AfterStopWithoutSize_TakesTheLastSizeAndBounds()
    {
        var stopped = Desired(4).Scale(new ScalingBounds(2, 6), Now).Stop(atOnce: false, Now);

        var started = stopped.Start(null, Shape, Now);

        Assert.Equal((true, 4, new ScalingBounds(2, 6)), (started.IsRunning, started.Workers, started.Autoscaling));
        Assert.Equal(
            ("Started on request.", 0, 4), (started.Decisions[^1].Reason, started.Decisions[^1].From, started.Decisions[^1].To));
    }

    [Fact]
    public void Drain_SameWorkerTwice_IsNoChange()
    {
        var desired = Desired(4).Drain(new WorkerId("w-1"), Now);

        Assert.Same(desired, desired.Drain(new WorkerId("w-1"), Now));
        Assert.Equal(
            ("Worker w-1 drains on request; another takes its place.", 4, 4),
            (desired.Decisions[^1].Reason, desired.Decisions[^1].From, desired.Decisions[^1].To));
    }

    [Fact]
    public void Drain_MoreThanAreKept_ForgetsTheOldest()
    {
        var desired = Enumerable.Range(0, 70).Aggregate(Desired(4), (state, n) => state.Drain(new WorkerId($"w-{n}"), Now));

        Assert.Equal(64, desired.Leaving.Count);
        Assert.Equal(new WorkerId("w-69"), desired.Leaving[^1]);
    }

    [Fact]
    public void Start_OfNothing_IsFour() => Assert.Equal(4, Desired(0).Start(null, Shape, Now).Workers);

    [Fact]
    public void Scale_Count_TurnsAutoscalingOff() =>
        Assert.Null(Desired(4).Scale(new ScalingBounds(1, 6), Now).Scale(3, Now).Autoscaling);

    [Fact]
    public void Scale_WhileStopped_StaysStopped()
    {
        var desired = Desired(4).Stop(atOnce: false, Now).Scale(8, Now);

        Assert.Equal((0, 8), (desired.WantedWorkers(), desired.Start(null, Shape, Now).WantedWorkers()));
    }

    [Fact]
    public void Configure_OldValueOfTheConfiguration_LeavesWhatWasAskedFor()
    {
        var configured = new ConfiguredWorkers(4, Shape);
        var desired = Desired(4).Scale(7, Now);

        var noted = desired.Configure("one", configured, Now);

        Assert.Equal(7, noted.Workers);
        Assert.Same(noted, noted.Configure("one", configured, Now));
        Assert.Equal(5, noted.Configure("one", configured with { Workers = 5 }, Now).Workers);
    }

    // Whichever of them looks after the workers, and however often that changes.
    [Fact]
    public void Configure_TwoGatewaysThatSayDifferentThings_OrderOnlyWhenOneIsChanged()
    {
        var (four, eight) = (new ConfiguredWorkers(4, Shape), new ConfiguredWorkers(8, Shape));
        var stopped = Desired(4).Configure("one", four, Now).Configure("other", eight, Now).Stop(atOnce: false, Now);

        var later = Enumerable.Range(0, 10)
            .Aggregate(stopped, (state, n) => n % 2 == 0
                ? state.Configure("other", eight, Now)
                : state.Configure("one", four, Now));
        var changed = later.Configure("one", eight with { Workers = 6 }, Now);
        var back = changed.Configure("one", four, Now);

        Assert.Same(stopped, later);
        Assert.Equal((6, 4), (changed.WantedWorkers(), back.WantedWorkers()));
    }

    [Fact]
    public void Decisions_Many_KeepsTheLatestFifty()
    {
        var desired = Enumerable.Range(1, 120).Aggregate(Desired(4), (state, n) => state.Scale(1 + (n % 30), Now.AddSeconds(n)));

        Assert.Equal(50, desired.Decisions.Count);
        Assert.Equal(Now.AddSeconds(120), desired.Decisions[^1].At);
        Assert.True(JsonSerializer.SerializeToUtf8Bytes(desired).Length < 16 * 1024, "A grain state has less than 16 KB.");
    }

    [Fact]
    public void Json_RoundTrip_KeepsAll()
    {
        var desired = Desired(4).Scale(new ScalingBounds(1, 6), Now).Drain(new WorkerId("w-1"), Now).Stop(atOnce: true, Now)
            .Configure("one", new ConfiguredWorkers(9, Shape), Now);

        var read = JsonSerializer.Deserialize<DesiredState>(JsonSerializer.Serialize(desired))!;

        Assert.Equal(desired.Decisions, read.Decisions);
        Assert.Equal(desired.Leaving, read.Leaving);
        Assert.Equal(desired.Gateways, read.Gateways);
        Assert.Equal(
            desired with { Decisions = [], Leaving = [], Gateways = [] },
            read with { Decisions = [], Leaving = [], Gateways = [] });
    }
}
