using System.Net;
using System.Net.Sockets;
using Orleans.Cluster.Cli.Commands;
using Orleans.Cluster.Cli.Embedded;
using Orleans.Cluster.Cli.Terminal;

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

    [Theory]
    [InlineData(1, "ended with code 1")]
    [InlineData(137, "was killed (SIGKILL)")]
    [InlineData(134, "crashed (SIGABRT)")]
    [InlineData(143, "was ended from outside (SIGTERM)")]
    public void SiloEnd_Code_IsInWords(int code, string expected) => Assert.Equal(expected, SiloEnd.Describe(code));

    [Fact]
    public void ReasonOf_Refusal_IsTheSilosOwnWithOurOption()
    {
        string[] said = ["The state is in use. Give this one a directory of its own with --Cluster:StateDirectory=..."];

        Assert.Equal("The state is in use. Give this one a directory of its own with --state.", SiloEnd.ReasonOf(1, said));
        Assert.Null(SiloEnd.ReasonOf(134, said));
        Assert.Null(SiloEnd.ReasonOf(1, []));
    }

    [Theory]
    [InlineData("127.0.0.1:8001", "is not an address")]
    [InlineData("ftp://127.0.0.1:8001", "begins with ftp://")]
    [InlineData("http://127.0.0.1:99999", "not a number from 1 to 65535")]
    [InlineData("http://127.0.0.1:0", "not a number from 1 to 65535")]
    [InlineData("http://127.0.0.1:8001/x", "has a path")]
    public void ReadAddress_WhereNoGatewayListens_IsRefused(string text, string expected) => Assert.Contains(
        expected, Assert.Throws<UsageException>(() => UpCommand.ReadAddress(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("http://127.0.0.1:8001")]
    [InlineData("http://localhost")]
    [InlineData("https://[::1]:8443/")]
    public void ReadAddress_Address_IsTaken(string text) => Assert.Equal(new Uri(text), UpCommand.ReadAddress(text));

    [Fact]
    public void StateFolder_BelowAFile_SaysWhichFile()
    {
        var file = Path.GetTempFileName();

        var refused = Assert.Throws<EmbeddedClusterException>(
            () => StateFolder.OpenLog(Path.Combine(file, "state"), "gateway.out", "choose another folder"));

        Assert.Equal(
            $"The cluster's state cannot be in {Path.Combine(file, "state")}: {file} is a file. Choose another folder.",
            refused.Message);
        File.Delete(file);
    }

    [Theory]
    [InlineData(0, "The disk of /s is full. Free space, or look.")]
    [InlineData(300 << 10, "The disk of /s has only 300 KiB free. Free space, or look.")]
    public void StateFolder_DiskIsFull_IsSaid(long free, string expected) => Assert.Equal(
        expected, Assert.Throws<EmbeddedClusterException>(() => StateFolder.RefuseFull("/s", free, "look")).Message);

    // The words come on threads of the runtime, where an exception ends the program.
    [Fact]
    public async Task SiloProcess_LogOnAFullDisk_KeepsTheWordsAndEndsNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs /dev/full.");
        var folder = Directory.CreateTempSubdirectory("silo-").FullName;
        var program = Path.Combine(folder, "Orleans.Cluster.Silo");
        await File.WriteAllTextAsync(
            program, "#!/bin/sh\necho said\necho 'Warning: Unknown setting A:B.' >&2\necho '   at X.Y()' >&2\n"
            + "echo 'The disk is full.' >&2\nexit 1\n", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        await File.WriteAllTextAsync(program + ".dll", "", TestContext.Current.CancellationToken);

        await using (var silo = SiloProcess.Start(
            folder, [], new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite)))
        {
            await silo.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.Equal((1, 4), (silo.ExitCode, silo.LinesWritten));
            Assert.Equal(["The disk is full."], silo.Errors);
            Assert.Equal(["Warning: Unknown setting A:B."], silo.TakeNotes());
            Assert.Empty(silo.TakeNotes());
        }

        Directory.Delete(folder, recursive: true);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
