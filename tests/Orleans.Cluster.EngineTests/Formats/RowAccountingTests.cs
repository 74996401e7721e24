using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;
using TaskInputs = Orleans.Cluster.Engine.Execution.TaskInputs;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// A reader that drops or makes rows is found out before anything is committed, whatever the query does with the rows.
/// </summary>
public sealed class RowAccountingTests : IDisposable
{
    private const int Records = 5000;

    private readonly EngineHarness harness = new();
    private readonly StagingArea staging = new();

    public void Dispose()
    {
        staging.Dispose();
        harness.Dispose();
    }

    public static TheoryData<string> Queries =>
    [
        "SELECT * FROM source", "SELECT count(*) FROM source", "SELECT sum(n) FROM source WHERE n < 10",
        "SELECT * FROM source LIMIT 3",
        "SELECT * FROM source WHERE false", "SELECT n FROM source JOIN (SELECT 1 AS z WHERE false) ON n = z",
        "SELECT a.n FROM source AS a JOIN source AS b USING (n)", "SELECT 1 AS one",
    ];

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Check_ReaderThatReadsEveryRecord_Passes(string query)
    {
        await Check(query, SourceFormat.Csv, static _ => { });
        await Check(query, SourceFormat.Ndjson, static _ => { });
        await Check(query, SourceFormat.Parquet, static _ => { });
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Check_ReaderThatMissesARecord_IsFoundOut(string query)
    {
        var refused = await Assert.ThrowsAsync<EngineException>(() =>
            Check(query, SourceFormat.Ndjson, file => Shorten(file, "{\"n\":4999}\n")));

        Assert.Equal(FailureKind.BadData, refused.Failure.Kind);
        Assert.Contains($"{Records - 1} rows where", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"holds {Records} records", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_ReaderThatMakesARecord_IsFoundOut()
    {
        var refused = await Assert.ThrowsAsync<EngineException>(() =>
            Check("SELECT n FROM source", SourceFormat.Ndjson, file => file.Append("{\"n\":5000}\n"u8)));

        Assert.Contains($"{Records + 1} rows where", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Check_ParquetWithFewerRowsThanPlanned_IsFoundOut(string query)
    {
        await Assert.ThrowsAsync<EngineException>(() => Check(query, SourceFormat.Parquet, static _ => { }, missing: 1));
    }

    [Fact]
    public async Task Check_TextWithOtherRowsThanPlanned_IsFoundOut()
    {
        foreach (var missing in new[] { -1, 1 })
        {
            var refused = await Assert.ThrowsAsync<EngineException>(() =>
                Check("SELECT sum(n) FROM source", SourceFormat.Csv, static _ => { }, missing));

            Assert.Equal(FailureKind.SourceUnavailable, refused.Failure.Kind);
            Assert.Contains(
                $"hold {Records} records where planning counted {Records + missing}", refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("SELECT * FROM source LIMIT 3")]
    [InlineData("SELECT 1 AS one")]
    public async Task RowsIn_TextThatIsNotReadToItsEnd_AreAllTheSame(string query)
    {
        var task = await Task(query, SourceFormat.Csv, 0, isCounted: false);

        Assert.Equal(Records, RowsIn(task));
    }

    [Fact]
    public void Reads_PathThatBeginsWithAnother_IsAnotherFile()
    {
        var scan = new ScanProfile("{Function=READ_CSV, 'Filename(s)'=/proc/self/fd/12}", 1);

        Assert.True(scan.Reads("/proc/self/fd/12"));
        Assert.False(scan.Reads("/proc/self/fd/1"));
    }

    private async Task Check(string query, SourceFormat format, Action<StagingFile> tamper, long missing = 0)
    {
        var task = await Task(query, format, missing);
        using var sources = OpenSources.Begin();
        using var meter = new ProgressMeter(task, null);
        using var inputs = TaskInputs.Prepare(task, staging, meter, CancellationToken.None);
        foreach (var table in inputs.StagedTables)
        {
            tamper(table.File);
            table.File.Complete();
        }

        Run(query, inputs);
    }

    private long RowsIn(TaskSpec task)
    {
        using var sources = OpenSources.Begin();
        using var meter = new ProgressMeter(task, null);
        using var inputs = TaskInputs.Prepare(task, staging, meter, CancellationToken.None);
        Run(task.Query, inputs);
        return inputs.RowsIn;
    }

    private static void Run(string query, TaskInputs inputs)
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Files = inputs.Files });
        foreach (var table in inputs.TextTables)
        {
            session.Register(table);
        }

        foreach (var declaration in inputs.Declarations(path => path))
        {
            session.Execute(declaration);
        }

        try
        {
            session.Execute($"CREATE TEMP TABLE result AS {query}");
        }
        catch (DuckDB.NET.Data.DuckDBException) when (inputs.ScanFailure is not null)
        {
            inputs.ScanFailure!.Throw();
        }

        RowAccounting.Check(session, inputs, session.LastProfile(), CancellationToken.None);
    }

    private async Task<TaskSpec> Task(string query, SourceFormat format, long missing, bool isCounted = true)
    {
        var numbers = Enumerable.Range(0, Records);
        var path = format switch
        {
            SourceFormat.Csv => harness.Write("rows.csv", string.Concat(numbers.Select(i => $"{i},x\n").Prepend("n,s\n"))),
            SourceFormat.Ndjson => harness.Write("rows.ndjson", string.Concat(numbers.Select(i => $"{{\"n\":{i}}}\n"))),
            _ => WriteParquet(),
        };
        var dataset = await harness.Dataset(new SourceSpec { Path = [path] }, new PartitioningSpec());
        var slices = dataset.Partitions.Single().Slices.Select(slice =>
            slice.Unit == SliceUnit.Rows ? slice with { Rows = slice.Rows + missing }
            : format == SourceFormat.Csv ? slice with { Rows = isCounted ? Records + missing : null } : slice);
        var scan = new ScanInput
        {
            Format = dataset.Format, Dialect = dataset.Dialect, Columns = dataset.Columns, Slices = [.. slices],
        };
        return new TaskSpec
        {
            Attempt = new AttemptId(new TaskId(JobId.New(), 0, 0), 1),
            Query = query,
            Inputs = [new TaskInput("source", scan, null)],
            Output = new TaskOutput { Kind = OutputKind.Single },
            AttemptFolder = Path.Combine(harness.Folder, "attempt"),
            ScratchFolder = Path.Combine(harness.Folder, "scratch"),
            MemoryBytes = 1L << 30,
        };
    }

    private string WriteParquet()
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [harness.Folder] });
        var path = Path.Combine(harness.Folder, "rows.parquet");
        session.Execute(
            $"COPY (SELECT range AS n FROM range({Records})) TO {SqlText.Literal(path)} (FORMAT parquet, ROW_GROUP_SIZE 2048)");
        return path;
    }

    private static void Shorten(StagingFile file, string last)
    {
        var text = File.ReadAllBytes(file.Path)[..^last.Length];
        file.Reset();
        file.Append(text);
    }
}
