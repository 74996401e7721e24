using System.Net;
using System.Net.Sockets;
using Orleans.Cluster.Cli.Embedded;

namespace Orleans.Cluster.UnitTests.Cli;

public sealed class StartTests
{
    [Fact]
    public void Look_SlowButBusy_IsNotStuck()
    {
        var watch = new StartWatch(Seconds(90), Seconds(10));

        for (var second = 1; second <= 1000; second++)
        {
            Assert.False(watch.Look(Seconds(second), Seconds(second * 0.1), linesWritten: 0).IsStuck);
        }
    }

    [Fact]
    public void Look_NeitherOutputNorWork_IsStuckAfterTheLimit()
    {
        var watch = new StartWatch(Seconds(90), Seconds(10));
        watch.Look(Seconds(1), Seconds(0.5), linesWritten: 3);

        Assert.False(watch.Look(Seconds(91), Seconds(0.51), linesWritten: 3).IsStuck);
        Assert.True(watch.Look(Seconds(92), Seconds(0.51), linesWritten: 3).IsStuck);
        Assert.False(watch.Look(Seconds(93), Seconds(0.51), linesWritten: 4).IsStuck);
    }

    [Fact]
    public void Look_LongWait_IsToldNowAndThen()
    {
        var watch = new StartWatch(Seconds(90), Seconds(10));

        Assert.Equal(
            [false, true, false, true],
            new double[] { 9, 10, 19, 21 }.Select(second => watch.Look(Seconds(second), Seconds(second), 0).ShouldTell));
    }

    [Fact]
    public void PortHolder_TakenPort_IsKnownWithItsProcess()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        Assert.True(PortHolder.IsTaken(new Uri($"http://127.0.0.1:{port}")));
        if (OperatingSystem.IsLinux())
        {
            Assert.StartsWith($"process {Environment.ProcessId} (", PortHolder.Describe(port), StringComparison.Ordinal);
        }

        listener.Stop();
        Assert.False(PortHolder.IsTaken(new Uri($"http://127.0.0.1:{port}")));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
