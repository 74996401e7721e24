using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

public sealed class AttentionTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void SilenceOf_WhileTheQueueListens_IsTheWorkersOwn()
    {
        var attention = new Attention(Start, TimeSpan.FromSeconds(5));

        Hear(attention, from: 0, to: 20);

        Assert.Equal(TimeSpan.FromSeconds(16), attention.SilenceOf(At(4), At(20)));
        Assert.Equal(TimeSpan.FromSeconds(20), attention.SilenceOf(null, At(20)));
    }

    [Fact]
    public void SilenceOf_AfterTheQueueStoodStill_CountsFromWhenItListensAgain()
    {
        var attention = new Attention(Start, TimeSpan.FromSeconds(5));
        Hear(attention, from: 0, to: 10);

        Hear(attention, from: 40, to: 42);

        Assert.Equal(TimeSpan.FromSeconds(2), attention.SilenceOf(At(10), At(42)));
        Assert.Equal(TimeSpan.FromSeconds(1), attention.SilenceOf(At(41), At(42)));
    }

    private static void Hear(Attention attention, int from, int to)
    {
        for (var second = from; second <= to; second++)
        {
            attention.Note(At(second));
        }
    }

    private static DateTimeOffset At(int second) => Start.AddSeconds(second);
}
