using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Worker;

namespace Orleans.Cluster.UnitTests.Execution;

/// <summary>
/// Which cap holds an executor, over a folder that looks like the kernel's; what the kernel itself does is not tried here.
/// </summary>
public sealed class MemoryGuardTests : IDisposable
{
    private readonly string mount = Directory.CreateTempSubdirectory("orleans-cluster-cgroup-").FullName;

    [Fact]
    public void Cap_ControllerIsDelegated_GroupsBesideItsOwn()
    {
        Delegate("system.slice", "cpu memory pids");
        var guard = Guard("/system.slice/worker.service");

        using var group = guard.Enclose(42);

        Assert.Equal(MemoryCap.Cgroup, guard.Cap);
        Assert.Equal("42", File.ReadAllText(Path.Combine(mount, "system.slice", "orleans-cluster-42", "cgroup.procs")));
    }

    [Fact]
    public void Limit_Set_TellsAKillAfterItFromOneBefore()
    {
        Delegate("a", "memory");
        using var group = Guard("/a/b").Enclose(7)!;
        var folder = Path.Combine(mount, "a", "orleans-cluster-7");
        File.WriteAllText(Path.Combine(folder, "memory.events"), "low 0\noom 1\noom_kill 1\n");
        File.WriteAllText(Path.Combine(folder, "memory.stat"), "anon 100\nfile 5000\nshmem 11\n");

        group.Limit(268435456);

        Assert.Equal("268435456", File.ReadAllText(Path.Combine(folder, "memory.max")));
        Assert.Equal(111, group.HeldBytes());
        Assert.False(group.HasKilled());
        File.WriteAllText(Path.Combine(folder, "memory.events"), "low 0\noom 2\noom_kill 2\n");
        Assert.True(group.HasKilled());
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("/nowhere/b", true)]
    [InlineData("/a/b", false)]
    public void Cap_NoGroupsOrNoneWanted_IsTheWatch(string? own, bool wanted)
    {
        Delegate("a", "memory");

        var guard = Guard(own, wanted);

        Assert.Equal(MemoryCap.Watch, guard.Cap);
        Assert.Null(guard.Enclose(1));
    }

    public void Dispose() => Directory.Delete(mount, recursive: true);

    private void Delegate(string group, string controllers)
    {
        Directory.CreateDirectory(Path.Combine(mount, group));
        File.WriteAllText(Path.Combine(mount, group, "cgroup.subtree_control"), controllers + "\n");
    }

    private MemoryGuard Guard(string? own, bool wanted = true) =>
        new(Options.Create(new ExecutorOptions { UseCgroups = wanted }), NullLogger<MemoryGuard>.Instance, mount, own);
}
