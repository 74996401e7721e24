using System.Runtime.InteropServices;
using Orleans.Cluster.Executor;

namespace Orleans.Cluster.UnitTests.Execution;

public sealed class ProcessLeaseTests : IDisposable
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(60);
    private readonly ProcessLease lease = new(ExecutorArguments.Parse(["--lease-seconds", "10"]));

    // The kernel's alarm is the whole process's: left running, it would end the tests that take longer than a lease.
    public void Dispose() => _ = Alarm(0);

    [Fact]
    public void New_NothingHeardYet_MayTakeLongerToStartThanALease() => Assert.True(lease.Remaining > Start, $"{lease.Remaining}");

    [Fact]
    public void Begin_BeforeAnyRenewal_LeavesOneLease()
    {
        lease.Begin();

        Assert.InRange(lease.Remaining, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Begin_AfterARenewal_ChangesNothing()
    {
        lease.Renew(seconds: 1000);

        lease.Begin();

        Assert.InRange(lease.Remaining, TimeSpan.FromSeconds(500), TimeSpan.FromSeconds(1000));
    }

    [DllImport("libc", EntryPoint = "alarm")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint Alarm(uint seconds);
}
