using Orleans.Cluster.Worker;

namespace Orleans.Cluster.UnitTests.Execution;

public sealed class WorkerLeaseTests
{
    private readonly Clock clock = new();

    [Fact]
    public void IsHeld_TheQueueAnswersNoReport_IsOverAfterALease()
    {
        var lease = new WorkerLease(TimeSpan.FromSeconds(15), clock);
        clock.Passed = TimeSpan.FromSeconds(14);
        var held = lease.IsHeld;
        clock.Passed = TimeSpan.FromSeconds(15);

        Assert.True(held);
        Assert.False(lease.IsHeld);
    }

    // The queue counts from the moment that it heard of the report, which is not before that at which it was sent.
    [Fact]
    public void Renew_ALateAnswer_CountsFromTheReport()
    {
        var lease = new WorkerLease(TimeSpan.FromSeconds(15), clock);
        clock.Passed = TimeSpan.FromSeconds(10);
        var sentAt = clock.GetTimestamp();
        clock.Passed = TimeSpan.FromSeconds(20);
        lease.Renew(sentAt);
        lease.Renew(0);
        var held = lease.IsHeld;
        clock.Passed = TimeSpan.FromSeconds(25);

        Assert.True(held);
        Assert.False(lease.IsHeld);
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Passed.Ticks;
    }
}
