using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>Small tasks use one instance after each other, and none sees what another made.</summary>
public sealed class KeptEngineTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-kept-").FullName;
    private static readonly TextDialect Lines = new() { Delimiter = ",", Quote = "\"", Escape = "\"", Header = false };

    private readonly StagingArea staging = new();
    private readonly EngineKeeper keeper = new();

    public void Dispose()
    {
        keeper.Dispose();
        staging.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Run_SmallTasksOfAnyJob_ShareAnInstance()
    {
        var outcomes = Enumerable.Range(0, 5)
            .Select(partition => Run(JobId.New(), partition, "SELECT sum(a) AS s, __partition() AS p FROM source")).ToList();

        Assert.All(outcomes, outcome => Assert.Equal(1, outcome.Manifest!.RowsOut));
        Assert.Equal(1, keeper.Opened);
        Assert.Equal(
            5, Directory.GetFiles(Path.Combine(folder, "artifacts"), "data.parquet", SearchOption.AllDirectories).Length);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "scratch"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Run_TaskThatReadsAnExchange_SharesTooAndReadsItsOwnFiles()
    {
        var job = JobId.New();
        var made = Run(job, 0, "SELECT a + 1 AS a FROM source").Manifest!.Files[0];
        var file = new ArtifactRef(
            new AttemptId(new TaskId(job, 0, 0), 1), Path.Combine(folder, "artifacts", $"{job}", "0", "0", "1", made.Path),
            made.Rows, made.Bytes, made.Sha256);

        var read = Run(
            job, 1, "SELECT * FROM source WHERE a > 5",
            new TaskInput("source", null, new ExchangeInput([new ColumnSchema("a", "BIGINT")], [file])));

        Assert.Equal(5, read.Manifest!.RowsOut);
        Assert.Equal(1, keeper.Opened);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("CAST(a AS UNION(x BIGINT, y VARCHAR))")]
    public void Run_TasksThatSendTheirRows_ShareAnInstance(string value)
    {
        var job = JobId.New();
        var query = $"SELECT {value} AS a, CAST(a % 2 AS INTEGER) AS {TaskOutput.TargetColumn} FROM source";
        var outcomes = Enumerable.Range(0, 4).Select(partition => Run(
            job, partition, query, null, new TaskOutput { Kind = OutputKind.Exchange, Targets = 2 })).ToList();

        Assert.All(outcomes, outcome => Assert.Null(outcome.Failure));
        Assert.All(outcomes, outcome => Assert.Equal(10, outcome.Manifest!.RowsOut));
        Assert.Equal(1, keeper.Opened);
    }

    [Fact]
    public void Run_TaskAfterOneThatFailed_HasAnInstanceOfItsOwn()
    {
        var job = JobId.New();

        var failed = Run(job, 0, "SELECT error('no') FROM source");
        var next = Run(job, 1, "SELECT * FROM source");

        Assert.NotNull(failed.Failure);
        Assert.Equal(10, next.Manifest!.RowsOut);
        Assert.Equal(2, keeper.Opened);
    }

    [Fact]
    public void Run_FileOfAnotherTask_CannotBeReached()
    {
        var job = JobId.New();
        var secret = Path.Combine(folder, "secret.csv");
        File.WriteAllText(secret, "a\n1\n");

        Assert.NotNull(Run(job, 0, "SELECT * FROM source").Manifest);
        var refused = Run(job, 1, $"SELECT * FROM read_csv({SqlText.Literal(secret)})");

        Assert.Contains("disabled by configuration", refused.Failure!.Message, StringComparison.Ordinal);
    }

    private TaskOutcome Run(JobId job, int partition, string query, TaskInput? input = null, TaskOutput? output = null)
    {
        var path = Path.Combine(folder, $"{partition}.csv");
        File.WriteAllLines(path, Enumerable.Range(0, 10).Select(i => $"{i}"));
        var info = new FileInfo(path);
        var file = new SourceFile { Stamp = new FileStamp(path, info.Length, new DateTimeOffset(info.LastWriteTimeUtc)) };
        var scan = new ScanInput
        {
            Format = SourceFormat.Csv, Dialect = Lines, Columns = [new ColumnSchema("a", "BIGINT")],
            Slices = [new FileSlice { File = file, End = info.Length, FirstLine = 1 }],
        };
        var task = new TaskSpec
        {
            Attempt = new AttemptId(new TaskId(job, 0, partition), 1),
            Query = query.Replace("__partition", TaskSpec.PartitionFunction, StringComparison.Ordinal),
            Inputs = [input ?? new TaskInput("source", scan, null)],
            Output = output ?? new TaskOutput { Kind = OutputKind.Single },
            AttemptFolder = Path.Combine(folder, "artifacts", $"{job}", "0", $"{partition}", "1"),
            ScratchFolder = Path.Combine(folder, "scratch", $"{job}-0-{partition}-1"),
            MemoryBytes = 1L << 30,
        };
        return new TaskExecutor(staging, keeper, () => 0).Run(task, null, CancellationToken.None);
    }
}
