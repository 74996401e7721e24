using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Worker;

namespace Orleans.Cluster.EngineTests;

/// <summary>
/// Queries that crash, freeze or fill a planning process, past the guard that would refuse them: they end, and the next is
/// answered.
/// </summary>
public sealed class PlanningProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    internal static readonly string Program = FindExecutor();

    // The engine overflows its stack inside the allocator: a handler that allocates would wait for ever.
    [Fact]
    public async Task Bind_QueryThatOverflowsTheStack_IsRefusedAndTheNextIsAnswered()
    {
        const string bomb = "SELECT from_json('{}', repeat('{\"a\":', 200000) || '1' || repeat('}', 200000))";
        await using var engine = Engine(new ExecutorOptions { Planners = 1 });

        var refusal = await Assert.ThrowsAsync<ClusterException>(() =>
            engine.Bind(NoTables, bomb, TestContext.Current.CancellationToken));

        Assert.Equal(Contracts.ProblemCode.QueryInvalid, refusal.Code);
        Assert.DoesNotContain("Executor:QueryTimeout", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(
            "a", Assert.Single(await engine.Bind(NoTables, "SELECT 1 AS a", TestContext.Current.CancellationToken)).Name);
    }

    // What the engine takes at once is refused to it, before a look at its size could see it.
    [Fact]
    public async Task Start_WithDataBytes_TheKernelHoldsTheExecutorToThem()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The kernel does this on Linux.");
        await using var process = ExecutorProcess.Start(
            Program, TimeSpan.FromMinutes(5), NullLogger.Instance, dataBytes: 1L << 30);
        await process.Executor.RenewAsync(300, TestContext.Current.CancellationToken);

        var limit = File.ReadLines($"/proc/{process.Id}/limits")
            .Single(line => line.StartsWith("Max data size", StringComparison.Ordinal));

        Assert.Equal(["1073741824", "1073741824"], limit.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3..5]);
    }

    // Its worker has lost its lease: what the executor does counts for nothing.
    [Fact]
    public async Task Start_NobodyWantsItAnyMore_EndsAtItsDeadline()
    {
        var wanted = true;
        await using var process = ExecutorProcess.Start(
            Program, TimeSpan.FromSeconds(2), NullLogger.Instance, isWanted: () => Volatile.Read(ref wanted));
        await process.Executor.RenewAsync(2, TestContext.Current.CancellationToken);

        Volatile.Write(ref wanted, false);
        await process.Completion.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        Assert.Contains("ended", await process.Epitaph(), StringComparison.Ordinal);
        Assert.True(process.EndedByDeadline);
    }

    // It may end between the question whether it has and the look at it; the platform then throws, and threw a gateway over.
    [Fact]
    public async Task CpuSecondsAndResidentBytes_WhileItEnds_AreFiguresOrNone()
    {
        for (var round = 0; round < 5; round++)
        {
            await using var process = ExecutorProcess.Start(Program, TimeSpan.FromMinutes(5), NullLogger.Instance);
            await process.Executor.RenewAsync(300, TestContext.Current.CancellationToken);
            var looks = Task.Run(() =>
            {
                var least = 0.0;
                while (!process.Completion.IsCompleted)
                {
                    least = Math.Min(least, Math.Min(process.CpuSeconds(), process.ResidentBytes()));
                }

                return least;
            });

            await process.Kill();

            Assert.Equal(0, await looks.WaitAsync(Patience, TestContext.Current.CancellationToken));
            Assert.Equal((0.0, 0L), (process.CpuSeconds(), process.ResidentBytes()));
        }
    }

    // A process that is stopped runs no thread of its own: only the kernel can end it.
    [Fact]
    public async Task Start_StarterIsKilled_TheKernelEndsTheExecutorThatStandsStill()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The kernel does this on Linux.");
        var pipe = Path.Combine(Path.GetTempPath(), $"orleans-cluster-pipe-{Guid.NewGuid():N}");
        Run("mkfifo", pipe);
        var script = $"exec 3<>'{pipe}'; '{Program}' --lease-seconds 600 --parent $$ <&3 >'{pipe}.out' 2>&1 & echo $!; wait";
        using var starter = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true })!;
        try
        {
            var executor = (await starter.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!;
            await Until(() => HasThread(executor, "lease"));
            Run("kill", "-STOP", executor);

            starter.Kill();

            await Until(() => HasEnded(executor));
        }
        finally
        {
            File.Delete(pipe);
            File.Delete(pipe + ".out");
        }
    }

    private static async Task Until(Func<bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        while (!holds())
        {
            await Task.Delay(50, patience.Token);
        }
    }

    private static bool HasThread(string process, string name) =>
        Directory.EnumerateDirectories($"/proc/{process}/task")
        .Any(thread => File.ReadAllText(Path.Combine(thread, "comm")).Trim() == name);

    // Whoever inherits it may leave it as a zombie.
    private static bool HasEnded(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[1][0] == 'Z';
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    // Where it was built, with the native library beside it. The copy beside these tests has none.
    private static string FindExecutor()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var (framework, configuration) = (output.Name, output.Parent!.Name);
        var root = output;
        while (!File.Exists(Path.Combine(root.FullName, "Orleans.Cluster.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException($"{output} is in no checkout.");
        }

        return Path.Combine(
            root.FullName, "src", "Orleans.Cluster.Executor", "bin", configuration, framework,
            RuntimeInformation.RuntimeIdentifier,
            "Orleans.Cluster.Executor");
    }

    private static Dictionary<string, IReadOnlyList<ColumnSchema>> NoTables => [];

    private static PlanningExecutor Engine(ExecutorOptions options) => new(
        new ExecutorProgram(Options.Create(new ClusterSettings { ExecutorPath = Program })), Options.Create(options),
        Options.Create(new QueueOptions()), TimeProvider.System, NullLogger<PlanningExecutor>.Instance);
}
