using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Engine.Sources;
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

    // Text that is inflated may be a thousand times what its file says: memory is bounded by what is written.
    [Fact]
    public void Append_FileOutgrowsWhatItMayTakeInMemory_GoesOnOnDiskUpToItsQuota()
    {
        using var area = new StagingArea();
        var piece = new byte[300_000];
        var file = area.Rent(expectedBytes: 10, memoryBytes: 1 << 20, folder, scratchBytes: 2_000_000);
        var inMemory = new List<bool>();
        for (var n = 0; n < 6; n++)
        {
            piece.AsSpan().Fill((byte)n);
            file.Append(piece);
            inMemory.Add(file.InMemory);
        }

        var refused = Assert.Throws<EngineException>(() => file.Append(piece));
        file.Complete();
        var content = File.ReadAllBytes(file.Path);
        file.Dispose();

        Assert.Equal([true, true, true, false, false, false], inMemory);
        Assert.Equal(FailureKind.OutOfDisk, refused.Failure.Kind);
        Assert.Equal(Enumerable.Range(0, 6).SelectMany(n => Enumerable.Repeat((byte)n, 300_000)), content);
    }

    [Fact]
    public async Task Report_WhileTheEngineWrites_TellsWhatItHasWritten()
    {
        using var executor = new LocalExecutor();
        var most = 0L;
        var progress = new Told(value => most = Math.Max(most, value.BytesWritten));
        var task = Sort(4L << 30) with
        {
            Query = "SELECT md5(CAST(range AS VARCHAR)) || md5(CAST(-range AS VARCHAR)) AS t FROM range(3000000)",
        };

        var outcome = await executor.RunAsync(task, progress, TestContext.Current.CancellationToken);

        var written = outcome.Manifest!.Files.Sum(file => file.Bytes);
        Assert.True(most > 0 && most <= written, $"{most} bytes were told of {written}.");
    }

    private sealed class Told(Action<TaskProgress> tell) : IProgress<TaskProgress>
    {
        public void Report(TaskProgress value) => tell(value);
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
