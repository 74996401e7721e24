using System.Runtime.InteropServices;
using Orleans.Cluster.Executor;

namespace Orleans.Cluster.UnitTests.Execution;

public sealed class ProcessLeaseTests : IDisposable
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(60);
    private readonly List<double> alarms = [];
    private readonly ProcessLease lease;

    // An alarm of the kernel's would end the process that runs the tests.
    public ProcessLeaseTests() => lease = new ProcessLease(ExecutorArguments.Parse(["--lease-seconds", "10"]), alarms.Add);

    // The kernel's alarm is the whole process's: left running, it would end the tests that take longer than a lease.
    public void Dispose() => _ = Alarm(0);

    [Fact]
    public void New_NothingHeardYet_MayTakeLongerToStartThanALease() =>
        Assert.True(lease.Remaining > Start, $"{lease.Remaining}");

    [Fact]
    public void Begin_BeforeAnyRenewal_LeavesOneLease()
    {
        lease.Begin();

        Assert.InRange(lease.Remaining, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal([120, 10], alarms);
    }

    [Fact]
    public void Begin_AfterARenewal_ChangesNothing()
    {
        lease.Renew(seconds: 1000);

        lease.Begin();

        Assert.InRange(lease.Remaining, TimeSpan.FromSeconds(500), TimeSpan.FromSeconds(1000));
        Assert.Equal([120, 1000], alarms);
    }

    [DllImport("libc", EntryPoint = "alarm")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint Alarm(uint seconds);
}
