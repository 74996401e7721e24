using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>A result is the same to the byte whatever the number of threads that its task found processors for.</summary>
public sealed class ThreadsTests(ThreadsTable table) : IClassFixture<ThreadsTable>
{
    [Theory]
    [InlineData("SELECT g, sum(m) AS m, avg(n) AS a, count(DISTINCT k) AS c, max(t) AS t FROM source s GROUP BY g ORDER BY c")]
    [InlineData("SELECT k, sum(m * (1 - m)) AS m FROM source WHERE x > 0.25 GROUP BY k ORDER BY m DESC LIMIT 500")]
    [InlineData("SELECT g, t, n FROM source WHERE n % 7 = 3 ORDER BY g LIMIT 1000")]
    [InlineData("SELECT count(*) AS c, sum(a.n) AS s FROM source a JOIN source b ON a.n = b.k AND a.t < b.t")]
    [InlineData("SELECT count(*) AS c, upper(g) AS g, sum(n) AS n FROM source a WHERE k > 100 GROUP BY 2")]
    [InlineData("SELECT k, sum(n) AS n FROM source GROUP BY k")]
    [InlineData("SELECT DISTINCT g, k FROM source WHERE k < 2000 ORDER BY k DESC")]
    public async Task Run_QueryOfManyThreads_IsTheSameToTheByte(string query)
    {
        var hashes = new List<string>();
        foreach (var idle in (int[])[0, 1, 3, 3, 15])
        {
            using var harness = new EngineHarness(idle);
            var spec = Job(query, table.Large);
            var plan = await harness.Plan(spec);
            Assert.InRange(Assert.Single(plan.Stages).Threads, 2, 16);
            Assert.Contains("threads work on it", plan.Stages[0].Note, StringComparison.Ordinal);
            await harness.Run(plan, spec);
            hashes.Add(Assert.Single(harness.LastFiles).Sha256);
        }

        Assert.Single(hashes.Distinct());
    }

    [Theory]
    [InlineData(OutputFormat.Csv, null)]
    [InlineData(OutputFormat.Csv, "gzip")]
    [InlineData(OutputFormat.Ndjson, "zstd")]
    [InlineData(OutputFormat.Parquet, "snappy")]
    public async Task Run_AnyFormat_IsTheSameToTheByte(OutputFormat format, string? compression)
    {
        var hashes = new List<string>();
        foreach (var idle in (int[])[0, 1, 3])
        {
            using var harness = new EngineHarness(idle);
            var spec = Job("SELECT n, g, t FROM source WHERE n % 8 = 3 ORDER BY g", table.Large) with
            {
                Output = new OutputSpec { Path = "out", Format = format, Compression = compression },
            };
            var plan = await harness.Plan(spec);
            Assert.InRange(Assert.Single(plan.Stages).Threads, 2, 16);
            await harness.Run(plan, spec);
            Assert.Equal(87_500, harness.LastFiles.Sum(file => file.Rows));
            hashes.Add(Assert.Single(harness.LastFiles).Sha256);
        }

        Assert.Single(hashes.Distinct());
    }

    // Borders of row groups would show the threads.
    [Fact]
    public async Task Run_LargeResult_IsMadeByOneThread()
    {
        var hashes = new List<string>();
        foreach (var idle in (int[])[0, 3])
        {
            using var harness = new EngineHarness(idle);
            var spec = Job("SELECT k, g, sum(n) AS n FROM source GROUP BY k, g ORDER BY n", table.Large);
            await harness.Run(await harness.Plan(spec), spec);
            Assert.InRange(harness.LastFiles.Sum(file => file.Rows), 100_001, long.MaxValue);
            hashes.Add(harness.LastFiles[0].Sha256);
        }

        Assert.Single(hashes.Distinct());
    }

    // The first rows are the same ones for any number of threads: of them depends whether there is an order.
    [Theory]
    [InlineData("CASE WHEN n < 20000 THEN n % 1000 ELSE n % 90000 END", true)]
    [InlineData("(1001 - CASE WHEN n < 20000 THEN n % 1001 ELSE n % 50 END) * 1000003", false)]
    public async Task Run_GroupsAtTheBorderOfFew_AreInOneOrder(string key, bool isOrdered)
    {
        var hashes = new List<string>();
        foreach (var idle in (int[])[0, 3, 3, 7])
        {
            using var harness = new EngineHarness(idle);
            var spec = Job("SELECT e, count(*) AS c FROM source GROUP BY e", table.WithKey(key));
            var rows = EngineHarness.Rows(await harness.Run(await harness.Plan(spec), spec));
            var keys = rows.Select(row => long.Parse(row.Trim('[').Split(',')[0], CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(isOrdered, keys.SequenceEqual(keys.Order()));
            hashes.Add(Assert.Single(harness.LastFiles).Sha256);
        }

        Assert.Single(hashes.Distinct());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Run_QueryThatFails_SaysWhatOneThreadSays(int idle)
    {
        using var harness = new EngineHarness(idle);
        var spec = Job("SELECT g, sum(CAST(t AS INTEGER)) AS n FROM source GROUP BY g ORDER BY n", table.Large);
        var plan = await harness.Plan(spec);
        Assert.InRange(plan.Stages[0].Threads, 2, 16);

        var failed = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(plan, spec));

        Assert.Contains("'t0' in column t cannot be cast to INTEGER", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT g, sum(x) AS x FROM source GROUP BY g ORDER BY g", true, null)]
    [InlineData("SELECT sum(n) AS n FROM source", false, null)]
    [InlineData("SELECT g, sum(n) AS n FROM source GROUP BY g ORDER BY g", true, "g")]
    public async Task Plan_QueryForOneThread_SaysNothingOfThreads(string query, bool isLarge, string? partitionBy)
    {
        using var harness = new EngineHarness(3);
        var spec = Job(query, isLarge ? table.Large : table.Small);
        spec = partitionBy is null ? spec : spec with { Output = new OutputSpec { Path = "out", PartitionBy = [partitionBy] } };

        var stage = Assert.Single((await harness.Plan(spec)).Stages);

        Assert.Equal(1, stage.Threads);
        Assert.DoesNotContain("threads", stage.Note ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.52 0.40 0.30 1/345 9876", 8, 7)]
    [InlineData("0.52 0.40 0.30 2/345 9876", 8, 7)]
    [InlineData("0.52 0.40 0.30 5/345 9876", 8, 4)]
    [InlineData("0.52 0.40 0.30 30/345 9876", 32, 5)]
    [InlineData("0.52 0.40 0.30 2/345 9876", 2, 1)]
    [InlineData("0.52 0.40 0.30 3/345 9876", 2, 0)]
    [InlineData("0.52 0.40 0.30 1/345 9876", 1, 0)]
    [InlineData("9.52 7.40 6.30 31/345 9876", 8, 0)]
    [InlineData("0.00 0.00 0.00 0/0 0", 8, 0)]
    [InlineData("", 8, 0)]
    public void CountNow_LineOfLoad_IsWhatIsIdleBesideWhoeverAsks(string line, int processors, int idle) =>
        Assert.Equal(idle, Engine.Execution.IdleProcessors.CountNow(line, processors));

    private static JobSpec Job(string query, string path) => new()
    {
        Operation = OperationKind.Sql,
        Source = new SourceSpec { Path = [path], Format = SourceFormat.Parquet },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };
}

/// <summary>A table in many row groups, and the first of its rows in one.</summary>
public sealed class ThreadsTable : IDisposable
{
    private const int Rows = 700_000;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orleans-cluster-threads-");

    public ThreadsTable()
    {
        using var engine = new DuckDBConnection("DataSource=:memory:");
        engine.Open();
        engine.Execute(
            "CREATE TABLE t AS SELECT i AS n, i * 7919 % 50000 AS k, 'g' || (i * 31 % 97) AS g, "
            + "CAST((i % 10007) / 100 AS DECIMAL(15,2)) AS m, 't' || (i * 17 % 1009) AS t, i % 1000 / 1000 AS x "
            + $"FROM range({Rows}) AS r(i)");
        engine.Execute($"COPY t TO {SqlText.Literal(Large)} (FORMAT parquet, ROW_GROUP_SIZE 20480)");
        engine.Execute($"COPY (FROM t LIMIT 1000) TO {SqlText.Literal(Small)} (FORMAT parquet)");
    }

    public string Large => Path.Combine(folder.FullName, "large.parquet");

    /// <summary>The numbers of its rows and a key of each.</summary>
    public string WithKey(string key)
    {
        var path = Path.Combine(folder.FullName, $"{Guid.NewGuid():N}.parquet");
        using var engine = new DuckDBConnection("DataSource=:memory:");
        engine.Open();
        engine.Execute(
            $"COPY (SELECT n, {key} AS e FROM range({Rows}) AS r(n)) TO {SqlText.Literal(path)} "
            + "(FORMAT parquet, ROW_GROUP_SIZE 2048)");
        return path;
    }

    public string Small => Path.Combine(folder.FullName, "small.parquet");

    public void Dispose() => folder.Delete(recursive: true);
}
