using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class TimeLeftTests
{
    private static readonly DateTimeOffset Opened = JobSamples.Now;

    [Fact]
    public void Seconds_NothingHasRun_IsUnknown() =>
        Assert.Null(Left(Stages(StagePhase.Open), [Scan(committed: 0, running: 2)], seconds: 5));

    // 20 tasks of the same size on two slots, half of them done: as long again. The merge reads ten groups.
    [Fact]
    public void Seconds_HalfOfAScan_IsAsLongAgain() =>
        Assert.Equal(10, Left(Stages(StagePhase.Open), [Scan(committed: 10, running: 2)], seconds: 10)!.Value, 0.5);

    // Three tasks on two slots are two rounds, though two thirds of the bytes are done after the first.
    [Fact]
    public void Seconds_LastRoundWithOneTask_TakesLongerThanItsBytes() => Assert.InRange(
        Left(Stages(StagePhase.Open), [Scan(committed: 2, running: 1, total: 3)], seconds: 10)!.Value, 6, 10);

    // The merge of as many rows costs by the figures, here in the scan's own measure: it went as fast as they say.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Seconds_StageToCome_CostsWhatItsRowsCostOnThisMachine(int slower)
    {
        var scan = Scan(committed: 20, running: 0) with { RowsIn = 10_000_000, RowsOut = 10_000_000 };
        var left = Left(Stages(StagePhase.Open), [scan], seconds: slower * 3)!.Value;

        Assert.InRange(left, slower * 2, slower * 4);
    }

    [Fact]
    public void Seconds_StageWithoutAWordOfItsTasks_GoesByTheClock()
    {
        var merge = new StageState(1, StagePhase.Open, 2) { OpenedAt = Opened.AddSeconds(10) };
        StageState[] stages = [new StageState(0, StagePhase.Complete, 20) { OpenedAt = Opened }, merge];
        StageTally[] tallies =
        [
            Scan(committed: 20, running: 0) with { RowsIn = 10_000_000, RowsOut = 10_000_000 },
            JobSamples.Tally(1, total: 2, running: 2) with { BytesTotal = 0 },
        ];

        var (early, late) = (Left(stages, tallies, seconds: 11)!.Value, Left(stages, tallies, seconds: 14)!.Value);

        Assert.Equal(3, early - late, 0.1);
    }

    [Fact]
    public void Note_SlowStart_CountsTheLaterHalfAlone()
    {
        var paces = new StagePaces();
        foreach (var (second, share) in ((int, double)[])[(10, 0.1), (20, 0.2), (21, 0.3), (22, 0.4)])
        {
            paces.Note(0, Opened, Opened.AddSeconds(second), share);
        }

        Assert.Equal((10, Opened.AddSeconds(22)), (paces.Find(0)!.Value, paces.FindLastAt(0)));
    }

    [Fact]
    public void Note_ManySteps_KeepsFewAndTheSamePace()
    {
        var paces = new StagePaces();
        for (var step = 1; step <= 10_000; step++)
        {
            paces.Note(0, Opened, Opened.AddSeconds(step), step / 10_000.0);
        }

        Assert.Equal(10_000, paces.Find(0)!.Value, 1);
    }

    [Fact]
    public void Note_OpenedAnew_ForgetsWhatWasBefore()
    {
        var paces = new StagePaces();
        paces.Note(0, Opened, Opened.AddSeconds(10), 0.5);
        paces.Note(0, Opened.AddSeconds(60), Opened.AddSeconds(60), 0);

        Assert.Null(paces.Find(0));
    }

    private static StageState[] Stages(StagePhase first) =>
        [new StageState(0, first, 20) { OpenedAt = Opened }, new StageState(1, StagePhase.Pending, 1)];

    // A scan whose partial groups are one a task.
    private static StageTally Scan(int committed, int running, int total = 20) =>
        JobSamples.Tally(0, total, committed, running) with { RowsIn = committed * 100_000L, RowsOut = committed };

    private static double? Left(StageState[] stages, StageTally[] tallies, double seconds) => TimeLeft.Seconds(
        JobSamples.Plan, stages, tallies, new Dictionary<int, (long Bytes, long Rows)>(), new StagePaces(), slots: 2,
        Opened.AddSeconds(seconds));
}
