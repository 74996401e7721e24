using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

/// <summary>A gang begins with all of its members or not at all, and does not hold slots for ever.</summary>
public sealed class GangTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly GangBounds Bounds = new(
        Turn: TimeSpan.FromSeconds(30), Confirmation: TimeSpan.FromSeconds(10), Replacement: TimeSpan.FromSeconds(20));
    private static readonly JobId Id = JobId.Parse("01JD0000000000000000000001");
    private static readonly WorkerId A = new("a");
    private static readonly WorkerId B = new("b");
    private readonly QueueLedger ledger = new(TimeSpan.FromMinutes(1), Bounds);
    private long reports;

    [Theory]
    [InlineData(0, 0, 2, null, GangStep.Wait)]
    [InlineData(3, 0, 0, null, GangStep.BeginTogether)]
    [InlineData(2, 1, 0, null, GangStep.Wait)]
    [InlineData(1, 0, 2, 5, GangStep.Replace)]
    [InlineData(1, 1, 1, 5, GangStep.Replace)]
    [InlineData(1, 0, 2, 21, GangStep.GiveBack)]
    public void Decide_AStage_TogetherThenReplacedThenGivenBack(
        int ready, int backingOff, int running, int? shortSeconds, GangStep expected)
    {
        var stage = new StageBacklog(0, ready, backingOff, running, null);

        var step = GangPolicy.Decide(stage, shortSeconds is { } seconds
            ? Now.AddSeconds(-seconds)
            : null, Now, Bounds.Replacement);

        Assert.Equal(expected, step);
    }

    [Fact]
    public void Width_AMemberWasSplit_CountsOnce()
    {
        Assert.Equal(3, GangPolicy.Width(new StageBacklog(0, Ready: 4, BackingOff: 0, Running: 0, NextReadyAt: null, Split: 1)));
        Assert.Equal(1, GangPolicy.Width(new StageBacklog(0, Ready: 2, BackingOff: 0, Running: 0, NextReadyAt: null, Split: 3)));
    }

    [Fact]
    public void Grant_GangGrownByASplit_BeginsWithWhatFits()
    {
        ledger.Refresh([Gang(ready: 3, split: 1)]);
        Report(A, slots: 2);

        Assert.Equal(2, Assert.Single(ledger.Grant([A], Now)).Match.Count);
    }

    [Fact]
    public void TakeGangsToBegin_OneWorkerHasNotSaidSo_NotYet()
    {
        var (a, b) = Reserve();

        Report(A, slots: 1, open: [a], held: [a]);
        Assert.Empty(ledger.TakeGangsToBegin());
        Report(B, slots: 1, open: [b], held: [b]);

        var begin = Assert.Single(ledger.TakeGangsToBegin());
        Assert.Equal([(A, 1), (B, 1)], begin.Workers.OrderBy(part => part.Worker.Value));
        Assert.Empty(ledger.TakeGangsToBegin());
    }

    [Fact]
    public void Report_AWorkerCouldNotKeepItsPart_TheOtherDropsItsOwn()
    {
        var (a, b) = Reserve();
        Report(A, slots: 1, open: [a], held: [a]);

        Report(B, slots: 1);

        Assert.Equal([a], ledger.OrdersFor(A, [a], []).Drop);
        Assert.Empty(ledger.TakeGangsToBegin());
        Report(A, slots: 1);
        Assert.Equal(2, ledger.Grant([A, B], Now).Count);
        Assert.DoesNotContain(ledger.OrdersFor(B, [], []).Go, part => part.Number == b);
    }

    [Fact]
    public void Remove_AWorkerDiedBeforeTheGangBegan_TheOthersDropTheirs()
    {
        var (a, b) = Reserve();
        Report(A, slots: 1, open: [a], held: [a]);
        Report(B, slots: 1, open: [b], held: [b]);

        ledger.Remove(B);

        Assert.Empty(ledger.TakeGangsToBegin());
        Assert.Equal([a], ledger.OrdersFor(A, [a], []).Drop);
    }

    [Fact]
    public void ReviewGangs_AWorkerNeverAnswers_GivesTheOthersBackInTime()
    {
        var (a, _) = Reserve();
        Report(A, slots: 1, open: [a], held: [a]);

        ledger.ReviewGangs(Now + Bounds.Confirmation);
        Assert.Empty(ledger.OrdersFor(A, [a], []).Drop);
        ledger.ReviewGangs(Now + Bounds.Confirmation + TimeSpan.FromMilliseconds(1));

        Assert.Equal([a], ledger.OrdersFor(A, [a], []).Drop);
    }

    [Fact]
    public void ReviewGangs_JobCancelledMeanwhile_GivesItsSlotsBack()
    {
        var (a, _) = Reserve();
        Report(A, slots: 1, open: [a], held: [a]);
        ledger.Refresh([Gang(ready: 2) with { Phase = JobPhase.Cancelling }]);

        ledger.ReviewGangs(Now);

        Assert.Equal([a], ledger.OrdersFor(A, [a], []).Drop);
    }

    [Fact]
    public void OrdersFor_GangHasBegun_EachWorkerIsToldUntilItsReportNamesThePartNoMore()
    {
        var (a, b) = Begin();

        Assert.Equal([Attempt(0)], Assert.Single(ledger.OrdersFor(A, [a], []).Go).Attempts);
        Assert.Equal([Attempt(0)], Assert.Single(ledger.OrdersFor(A, [a], []).Go).Attempts);
        Assert.Equal([Attempt(1)], Assert.Single(ledger.OrdersFor(B, [b], []).Go).Attempts);
        Report(A, slots: 1, free: 0);
        Assert.Empty(ledger.OrdersFor(A, [], [Attempt(0)]).Go);
    }

    [Fact]
    public void OrdersFor_PartWasLetGoWhileTheGangBegan_IsToldOnceAllTheSame()
    {
        var (a, b) = Reserve();
        Report(A, slots: 1, open: [a], held: [a]);
        Report(B, slots: 1, open: [b], held: [b]);
        var begin = Assert.Single(ledger.TakeGangsToBegin());
        Report(B, slots: 1);
        ledger.GangBegun(begin.Number, [(A, Attempt(0)), (B, Attempt(1))]);

        Assert.Equal([Attempt(1)], Assert.Single(ledger.OrdersFor(B, [], []).Go).Attempts);
        Assert.Empty(ledger.OrdersFor(B, [], []).Go);
    }

    [Fact]
    public void GangRefused_DatabaseSaidNo_AllDropTheirParts()
    {
        var (a, b) = Reserve();
        Report(A, slots: 1, open: [a], held: [a]);
        Report(B, slots: 1, open: [b], held: [b]);
        var begin = Assert.Single(ledger.TakeGangsToBegin());

        ledger.GangRefused(begin.Number);

        Assert.Equal([a], ledger.OrdersFor(A, [a], []).Drop);
        Assert.Equal([b], ledger.OrdersFor(B, [b], []).Drop);
    }

    [Fact]
    public void OrdersFor_PartOfAnEarlierLedger_IsDropped()
    {
        Assert.Equal([77], new QueueLedger(TimeSpan.FromMinutes(1), Bounds, before: 100).OrdersFor(A, [77], []).Drop);
    }

    [Fact]
    public void Grant_MemberLostWhileOthersRun_IsReplacedAlone()
    {
        ledger.Refresh([Gang(ready: 1, running: 2)]);
        ledger.ReviewGangs(Now);
        Report(A, slots: 1);

        Assert.False(Assert.Single(ledger.Grant([A], Now)).Match.Together);
    }

    [Fact]
    public void ReviewGangs_NoReplacementInTime_GivesTheOthersBackAndBeginsTogetherAgain()
    {
        ledger.Refresh([Gang(ready: 1, running: 1)]);
        ledger.ReviewGangs(Now);
        Assert.True(ledger.OrdersFor(A, [], [Attempt(0)]).IsEmpty);

        var late = Now + Bounds.Replacement + TimeSpan.FromMilliseconds(1);
        ledger.ReviewGangs(late);
        Assert.Equal([Attempt(0)], ledger.OrdersFor(A, [], [Attempt(0)]).GiveBack);
        Report(A, slots: 1);
        Report(B, slots: 1);
        Assert.Empty(ledger.Grant([A, B], late));

        ledger.Refresh([Gang(ready: 2)]);
        ledger.ReviewGangs(late);
        var together = ledger.Grant([A, B], late);
        Assert.Equal(2, together.Count);
        Assert.All(together, grant => Assert.True(grant.Match.Together));
        Assert.Empty(ledger.OrdersFor(A, [], [Attempt(0)]).GiveBack);
    }

    [Fact]
    public void ReviewGangs_MemberReplacedInTime_GivesNothingBack()
    {
        ledger.Refresh([Gang(ready: 1, running: 1)]);
        ledger.ReviewGangs(Now);
        ledger.Refresh([Gang(ready: 0, running: 2)]);
        ledger.ReviewGangs(Now + TimeSpan.FromSeconds(15));
        ledger.Refresh([Gang(ready: 1, running: 1)]);

        ledger.ReviewGangs(Now + TimeSpan.FromSeconds(25));

        Assert.Empty(ledger.OrdersFor(A, [], [Attempt(0)]).GiveBack);
    }

    private (long A, long B) Reserve()
    {
        ledger.Refresh([Gang(ready: 2)]);
        Report(A, slots: 1);
        Report(B, slots: 1);
        var granted = ledger.Grant([A, B], Now);
        Assert.All(granted, grant => Assert.True(grant.Match.Together));
        return (granted.Single(grant => grant.Match.Worker == A).Number, granted.Single(grant => grant.Match.Worker == B).Number);
    }

    private (long A, long B) Begin()
    {
        var (a, b) = Reserve();
        Report(A, slots: 1, open: [a], held: [a]);
        Report(B, slots: 1, open: [b], held: [b]);
        ledger.GangBegun(Assert.Single(ledger.TakeGangsToBegin()).Number, [(A, Attempt(0)), (B, Attempt(1))]);
        return (a, b);
    }

    private void Report(WorkerId worker, int slots, int? free = null, long[]? open = null, long[]? held = null) => ledger.Report(
        new WorkerSnapshot(worker, slots, 100, 0, free ?? slots - (held?.Length ?? 0), 100, 0, false, null), ++reports, open
        ?? [], [], held);

    private static ActiveJob Gang(int ready, int running = 0, int split = 0) => new(
        Id, JobPhase.Running, JobPriority.Normal, 1, Now, new ResourceRequest { MemoryBytes = 1 }, Gang: true, [], null,
        [new StageBacklog(0, ready, 0, running, null, split)]);

    private static AttemptId Attempt(int partition) => new(new TaskId(Id, 0, partition), 1);
}
