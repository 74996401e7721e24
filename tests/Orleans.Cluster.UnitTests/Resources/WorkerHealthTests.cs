using Orleans.Cluster.Planning.Resources;

namespace Orleans.Cluster.UnitTests.Resources;

public sealed class WorkerHealthTests
{
    private static readonly WorkerLimits Limits = new(1000, 0.5, TimeSpan.FromSeconds(20));

    [Fact]
    public void Judge_EnoughOfEverything_IsWell()
    {
        Assert.Null(WorkerHealth.Judge(
            new WorkerSigns([new DiskSpace("/scratch", 1000), new DiskSpace("/artifacts", 1000)], 0.5), Limits));
    }

    [Fact]
    public void Judge_OneDiskFull_NamesTheFolder()
    {
        Assert.Equal(
            "999 bytes are free in /artifacts, fewer than the 1000 of Worker:LeastScratchBytes.",
            WorkerHealth.Judge(new WorkerSigns([new DiskSpace("/scratch", 1000), new DiskSpace("/artifacts", 999)], 0), Limits));
    }

    [Fact]
    public void Judge_StoodStillForTooLong_SaysForHowLong()
    {
        Assert.Equal(
            "It stood still for 60 % of the last 20 s, more than the 50 % of Worker:MostPausedShare.",
            WorkerHealth.Judge(new WorkerSigns([], 0.6), Limits));
    }

    [Theory, InlineData(5.6, false), InlineData(5.7, true), InlineData(14, true)]
    public void Judge_Silence_IsUnwellFromAThirdOfTheTimeThatIsLeft(double seconds, bool unwell)
    {
        var reason = WorkerHealth.Judge(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));

        Assert.Equal(unwell ? $"It has not reported for {seconds:0} s; after 15 s it loses its attempts." : null, reason);
    }

    [Fact]
    public void Share_PulsesInTime_IsNone()
    {
        var log = Log();
        for (var second = 0.0; second < 60; second += 1)
        {
            log.Pulse(At(second));
        }

        Assert.Equal(0, log.Share(At(60.1)));
    }

    [Fact]
    public void Share_OnePause_CountsWhileItIsInTheWindow()
    {
        var log = Log();
        log.Pulse(At(100));

        var during = log.Share(At(105));
        PulseUntil(log, 110.2, 125);
        var after = log.Share(At(125));
        PulseUntil(log, 125, 131);

        Assert.Equal(0.24, during, 3);
        Assert.Equal(0.26, after, 3);
        Assert.Equal(0, log.Share(At(131)));
    }

    [Fact]
    public void Share_LongerThanTheWindow_IsAll()
    {
        var log = Log();
        log.Pulse(At(0));

        Assert.Equal(1, log.Share(At(1000)));
        log.Pulse(At(1000));
        Assert.Equal(1, log.Share(At(1000)));
    }

    private static void PulseUntil(PauseLog log, double second, double end)
    {
        for (; second <= end; second += 0.2)
        {
            log.Pulse(At(second));
        }
    }

    private static PauseLog Log() => new(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1));

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
