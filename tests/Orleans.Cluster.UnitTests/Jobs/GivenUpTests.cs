using Microsoft.Extensions.Time.Testing;
using Orleans.Cluster.Coordination.Jobs;

namespace Orleans.Cluster.UnitTests.Jobs;

/// <summary>CANCELLED is said when nothing runs any more, however planning takes its cancellation.</summary>
public sealed class GivenUpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly FakeTimeProvider clock = new();
    private readonly CancellationTokenSource cancellation = new();
    private readonly TaskCompletionSource<int> work = new();

    [Fact]
    public async Task EndOf_WorkThatEnds_IsItsResult()
    {
        var end = GivenUp.EndOf(work.Task, Patience, clock, cancellation.Token);
        work.SetResult(7);

        Assert.Equal(7, await end);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EndOf_Cancelled_ThrowsWhenTheWorkHasEndedAndNotBefore(bool fails)
    {
        var end = GivenUp.EndOf(work.Task, Patience, clock, cancellation.Token);
        await cancellation.CancelAsync();
        clock.Advance(Patience - TimeSpan.FromSeconds(1));
        await Task.Yield();
        var before = end.IsCompleted;
        if (fails)
        {
            work.SetException(new InvalidOperationException());
        }
        else
        {
            work.SetResult(7);
        }

        Assert.False(before);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => end);
    }

    [Fact]
    public async Task EndOf_WorkThatNeverEnds_IsLeftAfterItsPatience()
    {
        var end = GivenUp.EndOf(work.Task, Patience, clock, cancellation.Token);
        await cancellation.CancelAsync();
        while (!end.IsCompleted)
        {
            clock.Advance(Patience);
            await Task.Yield();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => end);
    }
}
