using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using static Orleans.Cluster.UnitTests.Jobs.JobSamples;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class ProgressMeterTests
{
    private const long Megabyte = 1 << 20;
    private static readonly JobPlan Large = Plan with
    {
        // The planner can only say that a merge reads at most what the scan does.
        Stages = [Plan.Stages[0] with { EstimatedBytes = 1000 * Megabyte },
            Plan.Stages[1] with { EstimatedBytes = 1000 * Megabyte }],
    };

    [Fact]
    public void Measure_ScanThatWritesLittle_WeighsTheMergeByWhatWasWritten()
    {
        var progress = Measure(Large, Scan(committed: 9, bytesOut: 9000), before: 0);

        Assert.InRange(progress.Fraction, 0.89, 0.9);
    }

    [Fact]
    public void Measure_NothingCommitted_WeighsTheMergeByItsEstimate()
    {
        var progress = Measure(Large, Scan(committed: 0, bytesOut: 0), before: 0, running: 500 * Megabyte);

        Assert.Equal(0.25, progress.Fraction, 3);
    }

    [Fact]
    public void Measure_LessThanBefore_StaysWhereItWas()
    {
        var progress = Measure(Large, Scan(committed: 1, bytesOut: 1000), before: 0.5);

        Assert.Equal(0.5, progress.Fraction);
    }

    [Fact]
    public void Measure_AllCommitted_IsBelowOneUntilTheJobHasSucceeded()
    {
        var progress = Measure(Large, [.. Scan(committed: 10, bytesOut: 10_000), Tally(1, 1, committed: 1)], before: 0);

        Assert.Equal(0.999, progress.Fraction, 3);
    }

    [Theory]
    [InlineData(0.001, 0, 60, false)]
    [InlineData(0.001, 1, 1, false)]
    [InlineData(0.001, 1, 60, true)]
    [InlineData(0.5, 0, 1, true)]
    [InlineData(0, 0, 60, false)]
    public void Estimate_BeforeAnythingWasMeasured_IsAbsent(double fraction, int completed, int seconds, bool expected)
    {
        var progress = new JobProgress
        {
            Fraction = fraction, Partitions = new PartitionCounts(10, completed, 1, 9 - completed, 0),
        };

        var eta = ProgressMeter.Estimate(
            JobSamples.Running() with { Progress = progress, StartedAt = Now }, Now.AddSeconds(seconds));

        Assert.Equal(expected, eta is not null);
    }

    // What was estimated runs down by the clock; when it has run out, the job is not over, and nobody knows.
    [Theory]
    [InlineData(0, 10.0, 15.0)]
    [InlineData(4, 6.0, 9.0)]
    [InlineData(40, null, null)]
    public void Estimate_TimeWasEstimated_CountsDown(int later, double? seconds, double? high)
    {
        var state = JobSamples.Running() with
        {
            StartedAt = Now, TimeLeft = new JobTimeLeft(10, Now.AddSeconds(60)),
            Progress = new JobProgress { Fraction = 0.2, Partitions = new PartitionCounts(10, 2, 1, 7, 0) },
        };

        var eta = ProgressMeter.Estimate(state, Now.AddSeconds(60 + later));

        Assert.Equal((seconds, high), (eta?.Seconds, eta?.SecondsHigh));
    }

    // It was left when the job failed; the retry has hardly begun.
    [Fact]
    public void Note_Retry_ForgetsTheEstimateOfTheEpochBefore()
    {
        var before = JobSamples.Running() with { TimeLeft = new JobTimeLeft(1, Now) };

        var retried = JobTimes.Note(before, before with { Epoch = before.Epoch + 1 }, Now);
        var opened = JobTimes.Note(
            before, before with { Stages = [before.Stages[0], before.Stages[1] with { Phase = StagePhase.Open }] }, Now);

        Assert.Equal((null, before.TimeLeft), (retried.TimeLeft, opened.TimeLeft));
    }

    private static StageTally[] Scan(int committed, long bytesOut) =>
        [Tally(0, 10, committed, running: 1 - (committed / 10)) with
        {
            BytesTotal = 1000 * Megabyte, BytesDone = committed * 100 * Megabyte, BytesOut = bytesOut,
        }];

    private static JobProgress Measure(JobPlan plan, StageTally[] tallies, double before, long running = 0) =>
        ProgressMeter.Measure(
        plan, [new StageState(0, StagePhase.Open, 10), new StageState(1, StagePhase.Pending, 1)], tallies,
        new Dictionary<int, (long Bytes, long Rows)> { [0] = (running, 0) }, new JobProgress { Fraction = before });
}
