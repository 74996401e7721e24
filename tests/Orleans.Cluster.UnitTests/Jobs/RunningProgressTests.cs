using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class RunningProgressTests
{
    [Fact]
    public void ByStage_AnAttemptHasEnded_CountsThoseThatRunAlone()
    {
        var (ended, running) = (Attempt(0), Attempt(1));
        var progress = new RunningProgress();
        progress.Report([new AttemptReading(ended, 100, 10), new AttemptReading(running, 30, 3)]);

        progress.KeepOnly([running]);

        Assert.Equal((30, 3), Assert.Single(progress.ByStage()).Value);
        Assert.Equal(1, progress.Count);
    }

    // The last word of a worker on an attempt comes after its end was read: its rows are among the committed ones already.
    [Fact]
    public void ByStage_AWordComesAfterTheEndWasRead_DoesNotCountASecondTime()
    {
        var (ended, running) = (Attempt(0), Attempt(1));
        var progress = new RunningProgress();
        progress.Report([new AttemptReading(ended, 90, 9), new AttemptReading(running, 30, 3)]);
        progress.KeepOnly([running]);

        progress.Report([new AttemptReading(ended, 100, 10), new AttemptReading(Attempt(2), 100, 10)]);

        Assert.Equal((30, 3), Assert.Single(progress.ByStage()).Value);
    }

    // 10 partitions of 100 bytes: 6 have committed, 2 run and have read a quarter each; the last words on four that ended come
    // late.
    [Fact]
    public void Measure_WordsComeLate_IsWhatCommittedAndRuns()
    {
        var progress = new RunningProgress();
        progress.KeepOnly([Attempt(6), Attempt(7)]);
        progress.Report([.. Enumerable.Range(2, 4).Select(index => new AttemptReading(Attempt(index), 100, 10))]);
        progress.Report([new AttemptReading(Attempt(6), 25, 2), new AttemptReading(Attempt(7), 25, 2)]);
        var plan = JobSamples.Plan with { Stages = [JobSamples.Plan.Stages[0]], Datasets = Dataset(1000) };
        var tally = JobSamples.Tally(0, total: 10, committed: 6, running: 2);

        var measured = ProgressMeter.Measure(
            plan, [new StageState(0, StagePhase.Open, 10)], [tally], progress.ByStage(), new JobProgress());

        Assert.Equal(650, measured.BytesDone);
        Assert.True(measured.Fraction <= 0.65, $"{measured.Fraction} is more than what has been read.");
    }

    [Fact]
    public void BytesWritten_AnAttemptHasEnded_CountsThoseThatRunAlone()
    {
        var progress = new RunningProgress();
        progress.Report([new AttemptReading(Attempt(0), 9, 9, 700), new AttemptReading(Attempt(1), 9, 9, 300)]);

        progress.KeepOnly([Attempt(1)]);

        Assert.Equal(300, progress.BytesWritten);
    }

    private static Dictionary<string, PlannedDataset> Dataset(long bytes) =>
        JobSamples.Plan.Datasets.ToDictionary(pair => pair.Key, pair => pair.Value with { TotalBytes = bytes });

    private static AttemptId Attempt(int partition) => new(new TaskId(JobSamples.Id, 0, partition), 1);
}
