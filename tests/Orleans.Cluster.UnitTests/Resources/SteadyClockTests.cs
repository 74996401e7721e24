using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.UnitTests.Resources;

public sealed class SteadyClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private DateTimeOffset wall = Noon;
    private TimeSpan uptime = TimeSpan.FromHours(5);

    [Fact]
    public void GetUtcNow_NobodySetsTheClock_IsTheWallsTime()
    {
        var clock = Clock();

        Pass(TimeSpan.FromMinutes(7));

        Assert.Equal(Noon.AddMinutes(7), clock.GetUtcNow());
    }

    [Fact]
    public void GetUtcNow_BetweenTwoMilliseconds_IsTheEarlier()
    {
        var clock = Clock();

        Pass(TimeSpan.FromMicroseconds(1_999));
        var first = clock.GetUtcNow();
        Pass(TimeSpan.FromMicroseconds(2));

        Assert.Equal(Noon.AddMilliseconds(1), first);
        Assert.Equal(Noon.AddMilliseconds(2), clock.GetUtcNow());
    }

    [Fact]
    public void GetUtcNow_SetBackByAnHour_GoesOnAndIsRightAgainLater()
    {
        var clock = Clock();
        wall -= TimeSpan.FromHours(1);
        var seen = new List<DateTimeOffset>();

        for (var minute = 0; minute < 11 * 60; minute++)
        {
            seen.Add(clock.GetUtcNow());
            Pass(TimeSpan.FromMinutes(1));
        }

        Assert.All(seen.Zip(seen.Skip(1)),
            pair => Assert.InRange(pair.Second - pair.First, TimeSpan.FromSeconds(54), TimeSpan.FromSeconds(60)));
        Assert.Equal(wall, clock.GetUtcNow());
    }

    // A timeoutSeconds of a minute, a lease, a retention of an hour: none is over because somebody set a clock.
    [Fact]
    public void GetUtcNow_SetForwardByADay_DoesNotJump()
    {
        var clock = Clock();
        wall += TimeSpan.FromDays(1);

        Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(Noon.AddSeconds(66), clock.GetUtcNow());
    }

    [Fact]
    public void Follow_TheDatabasesClock_TwoMachinesComeTogether()
    {
        var (one, other) = (Clock(), new SteadyClock(() => wall.AddMinutes(-3), () => uptime));
        one.Follow(Noon);
        other.Follow(Noon);

        Pass(TimeSpan.FromHours(1));

        Assert.Equal(Noon.AddHours(1), one.GetUtcNow());
        Assert.Equal(one.GetUtcNow(), other.GetUtcNow());
    }

    [Fact]
    public void Begin_WhatIsStoredIsLater_BeginsThere()
    {
        var clock = Clock();

        clock.Begin(Noon.AddMinutes(30));
        clock.Begin(Noon.AddMinutes(-30));

        Assert.Equal(Noon.AddMinutes(30), clock.GetUtcNow());
    }

    private SteadyClock Clock() => new(() => wall, () => uptime);

    private void Pass(TimeSpan time)
    {
        wall += time;
        uptime += time;
    }
}
