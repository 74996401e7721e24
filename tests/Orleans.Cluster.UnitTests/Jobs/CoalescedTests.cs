using Microsoft.Extensions.Time.Testing;
using Orleans.Cluster.Coordination.Calls;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class CoalescedTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly FakeTimeProvider clock = new();
    private readonly List<TimeSpan?> pauses = [];
    private readonly Queue<TaskCompletionSource> done = new();
    private readonly Coalesced work;
    private int began;

    public CoalescedTests()
    {
        work = new Coalesced(
            () =>
            {
                began++;
                return done.TryDequeue(out var end) ? end.Task : Task.CompletedTask;
            },
            took =>
            {
                pauses.Add(took);
                return took is null ? TimeSpan.Zero : Pause;
            },
            clock);
    }

    [Fact]
    public async Task Ask_NothingUnderWay_DoesItAtOnceAndOnce()
    {
        await work.Ask();

        Assert.Equal((1, false, false), (began, work.IsUnderWay, work.IsAsked));
        Assert.Equal([null], pauses);
    }

    [Fact]
    public async Task Ask_ManyTimesWhileItIsUnderWay_DoesItOnceMoreAfterThePause()
    {
        var first = Hold();
        var run = work.Ask();
        var others = Enumerable.Range(0, 5).Select(_ => work.Ask()).ToList();
        clock.Advance(TimeSpan.FromMilliseconds(7));
        first.SetResult();
        await Settled(() => pauses.Count == 2);
        var beforeThePause = began;
        clock.Advance(Pause);
        await run;

        Assert.All(others, other => Assert.True(other.IsCompletedSuccessfully));
        Assert.Equal((1, 2), (beforeThePause, began));
        Assert.Equal([null, TimeSpan.FromMilliseconds(7)], pauses);
    }

    [Fact]
    public async Task Ask_DuringThePause_IsServedByTheWorkAfterIt()
    {
        var first = Hold();
        var run = work.Ask();
        _ = work.Ask();
        first.SetResult();
        await Settled(() => pauses.Count == 2);
        _ = work.Ask();
        clock.Advance(Pause);
        await run;

        Assert.Equal((2, false), (began, work.IsAsked));
    }

    [Fact]
    public async Task AskAgain_NothingUnderWay_DoesNothing()
    {
        work.AskAgain();
        var askedBefore = work.IsAsked;
        await work.Ask();

        Assert.Equal((false, 1), (askedBefore, began));
    }

    [Fact]
    public async Task AskAgain_ByTheWorkItself_DoesItOnceMore()
    {
        var times = 0;
        Coalesced? self = null;
        self = new Coalesced(
            () =>
            {
                if (++times < 3)
                {
                    self!.AskAgain();
                }

                return Task.CompletedTask;
            },
            _ => TimeSpan.Zero, clock);

        await self.Ask();

        Assert.Equal(3, times);
    }

    // Who finds it broken may ask again; what was asked for before is not done behind the caller's back.
    [Fact]
    public async Task Ask_TheWorkFails_EndsTheRunAndForgetsWhatWasAsked()
    {
        var first = Hold();
        var run = work.Ask();
        _ = work.Ask();
        first.SetException(new InvalidOperationException("no"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => run);
        Assert.Equal((1, false, false), (began, work.IsUnderWay, work.IsAsked));
        await work.Ask();
        Assert.Equal(2, began);
    }

    [Fact]
    public async Task LastRun_AskedWhileItIsUnderWay_EndsWhenAllIsDone()
    {
        var (first, second) = (Hold(), Hold());
        _ = work.Ask();
        _ = work.Ask();
        var all = work.LastRun;
        first.SetResult();
        await Settled(() => pauses.Count == 2);
        clock.Advance(Pause);
        await Settled(() => began == 2);
        var early = all.IsCompleted;
        second.SetResult();
        await all;

        Assert.False(early);
    }

    private TaskCompletionSource Hold()
    {
        var end = new TaskCompletionSource();
        done.Enqueue(end);
        return end;
    }

    private static async Task Settled(Func<bool> condition)
    {
        for (var i = 0; i < 1000 && !condition(); i++)
        {
            await Task.Delay(1);
        }

        Assert.True(condition(), "It did not get there.");
    }
}
