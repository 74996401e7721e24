using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class ProgressBoardTests
{
    [Fact]
    public void FindNews_WhatRunsHasRead_IsBeforeItIsShownAndNotAfter()
    {
        var board = Board(committed: 1, running: 1);
        board.Report([new AttemptReading(Attempt(1), 30, 3)]);
        var state = JobSamples.Running();

        var news = board.FindNews(state, JobSamples.Plan);
        var again = board.FindNews(state with { Progress = news! }, JobSamples.Plan);

        Assert.Equal((130, 300, 3), (news!.BytesDone, news.BytesTotal, news.RowsDone));
        Assert.Null(again);
    }

    [Theory]
    [InlineData(JobPhase.Queued)]
    [InlineData(JobPhase.Cancelling)]
    [InlineData(JobPhase.Failed)]
    public void FindNews_TheJobNeitherRunsNorPublishes_IsNone(JobPhase phase)
    {
        var board = Board(committed: 2, running: 1);

        Assert.Null(board.FindNews(JobSamples.Running() with { Phase = phase }, JobSamples.Plan));
    }

    [Fact]
    public void FindNews_WithoutAPlan_IsNone() =>
        Assert.Null(Board(committed: 2, running: 1).FindNews(JobSamples.Running(), plan: null));

    [Fact]
    public void Complete_JustPlanned_ShowsItsStages()
    {
        var state = JobSamples.Running() with { Phase = JobPhase.Queued };

        var shown = new ProgressBoard().Complete(state, JobSamples.Plan);

        Assert.Equal([("partial", 3), ("merge", 1)], shown.Progress.Stages.Select(stage => (stage.Name, stage.Total)));
    }

    // It ended between two looks: its last numbers were never shown.
    [Fact]
    public void Complete_Succeeded_IsAllOfIt()
    {
        var board = Board(committed: 3, running: 0);

        var shown = board.Complete(JobSamples.Running() with { Phase = JobPhase.Succeeded }, JobSamples.Plan);

        Assert.Equal((1.0, 300, 3), (shown.Progress.Fraction, shown.Progress.BytesDone, shown.Progress.Partitions.Completed));
    }

    [Fact]
    public void Complete_Running_IsLeftToThoseWhoReport()
    {
        var state = JobSamples.Running();

        Assert.Same(state, Board(committed: 1, running: 1).Complete(state, JobSamples.Plan));
    }

    [Fact]
    public void HasReadings_ForgotWhatRan_IsFalse()
    {
        var board = Board(committed: 0, running: 1);
        board.Report([new AttemptReading(Attempt(1), 30, 3)]);
        var before = board.HasReadings;
        board.ForgetRunning();

        Assert.Equal((true, false), (before, board.HasReadings));
    }

    private static ProgressBoard Board(int committed, int running)
    {
        var board = new ProgressBoard();
        board.Take([JobSamples.Tally(0, total: 3, committed, running)]);
        board.KeepOnly(Enumerable.Range(committed, running).Select(Attempt));
        return board;
    }

    private static AttemptId Attempt(int partition) => new(new TaskId(JobSamples.Id, 0, partition), 1);
}
