using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>
/// A task's local disk has a quota, whoever writes to it: the engine that spills, or the reader that stages text.
/// </summary>
public sealed class ScratchQuotaTests : IDisposable
{
    private const long Small = 384L << 20;
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-quota-").FullName;

    [Theory]
    [InlineData(4L << 20, FailureKind.OutOfDisk)]
    [InlineData(4L << 30, null)]
    public async Task Run_SortLargerThanMemory_SpillsUpToItsQuota(long quota, FailureKind? expected)
    {
        using var executor = new LocalExecutor();

        var outcome = await executor.RunAsync(Sort(quota), null, TestContext.Current.CancellationToken);

        Assert.Equal(expected, outcome.Failure?.Kind);
        Assert.True(expected is not null || outcome.Manifest!.Cost.SpilledBytes > 4L << 20, $"{outcome.Manifest?.Cost}");
        Assert.False(Directory.Exists(Path.Combine(folder, "scratch")));
    }

    [Theory]
    [InlineData(100_000, false)]
    [InlineData(10_000_000, true)]
    public async Task Run_TextStagedOnDisk_CountsAgainstTheQuota(long quota, bool fits)
    {
        using var engine = new EngineHarness { MemoryBytes = 1 << 20, ScratchBytes = quota };
        // An escape in a key is what a scan leaves to the engine's reader, which wants the text staged.
        var path = engine.Write(
            "numbers.ndjson", string.Join('\n', Enumerable.Range(0, 100_000).Select(n =>
                string.Create(CultureInfo.InvariantCulture, $"{{\"{(n == 50_000 ? "\\u006e" : "n")}\":{n}}}"))));
        var spec = new JobSpec
        {
            Operation = OperationKind.Filter,
            Source = new SourceSpec { Path = [path] },
            Parameters = JsonDocument.Parse("""{"where":"n < 3"}""").RootElement,
        };

        var failure = await Record.ExceptionAsync(() => engine.Run(spec)) as ClusterException;

        Assert.Equal(fits ? null : Contracts.ProblemCode.OutOfDisk, failure?.Code);
        Assert.True(!fits || engine.Committed[0][0].Manifest!.Cost.StagedBytes > 500_000);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private TaskSpec Sort(long quota) => new()
    {
        Attempt = new AttemptId(new TaskId(JobId.New(), 0, 0), 1),
        Query = "SELECT md5(CAST(range AS VARCHAR)) || repeat('x', 200) AS t FROM range(1400000) ORDER BY t",
        Inputs = [],
        Output = new TaskOutput { Kind = OutputKind.Result },
        AttemptFolder = Path.Combine(folder, "attempt"),
        ScratchFolder = Path.Combine(folder, "scratch"),
        MemoryBytes = Small,
        ScratchBytes = quota,
    };
}
