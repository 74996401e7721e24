using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>Row groups of Parquet left out by their statistics: as many as can be, and never a row of the answer.</summary>
public sealed class RowGroupPruningTests : IDisposable
{
    private const int ConditionsPerTables = 250;

    // Plans are compared row for row this often, and by the rows that they leave out always.
    private const int RunEvery = 25;

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Fact]
    public async Task Plan_SortedKeys_LeavesOutAllRowGroupsButThoseOfTheKeys()
    {
        var paths = Sorted(files: 2, groups: 50);

        var plan = await harness.Plan(Job(
            paths, "SELECT count(*) AS n, min(k) AS low FROM source WHERE k >= 10000 AND k < 14096 AND v = 'x'",
            targetBytes: 40_000));

        var all = await harness.Dataset(Job(paths, "").Source!, new PartitioningSpec { TargetBytes = 40_000 });
        var (dataset, pruned) = (plan.Datasets["source"], plan.Datasets["source"].Pruned!);
        Assert.Equal((1, 2, 97, 100), (pruned.Files, pruned.OfFiles, pruned.RowGroups, pruned.OfRowGroups));
        Assert.InRange(all.Partitions.Count, 20, 100);
        Assert.InRange(dataset.Partitions.Count, 1, 2);
        Assert.Equal(all.TotalBytes, dataset.TotalBytes + pruned.Bytes);
        Assert.Equal((8_192, 14_336), (dataset.Partitions[0].Slices[0].Start, dataset.Partitions[^1].Slices[^1].End));
        Assert.Equal(6_144, dataset.EstimatedRows);
        Assert.Equal(["[4096,10000]"], EngineHarness.Rows(await harness.Run(plan, Job(paths, ""))));
    }

    [Fact]
    public async Task Run_NoRowGroupIsNeeded_AnswersAsOverNoRows()
    {
        var job = Job(
            Sorted(files: 2, groups: 4), "SELECT count(*) AS n, sum(k) AS s FROM source WHERE k < 0", targetBytes: 20_000);

        var plan = await harness.Plan(job);

        Assert.Empty(plan.Datasets["source"].Partitions);
        Assert.Equal(["[0,null]"], EngineHarness.Rows(await harness.Run(plan, job)));
    }

    [Theory]
    [InlineData("SELECT k FROM source WHERE NOT k = 5")]
    [InlineData("SELECT k FROM source WHERE k + 1 = 5")]
    [InlineData("SELECT k FROM source WHERE CAST(k AS VARCHAR) = '5'")]
    [InlineData("SELECT 5 AS k FROM source WHERE k = 5")]
    [InlineData("SELECT k FROM source AS s(v, k) WHERE k = 'y'")]
    [InlineData("SELECT k FROM source WHERE k = (SELECT min(k) FROM source)")]
    [InlineData("SELECT k FROM (SELECT * FROM source) WHERE k = 5")]
    [InlineData("SELECT k FROM source WHERE k = 5 OR v LIKE 'x%'")]
    [InlineData("SELECT k FROM source WHERE d > 1000000")]
    public async Task Plan_ConditionThatIsNotSure_ReadsEverything(string query)
    {
        var plan = await harness.Plan(Job(Sorted(files: 1, groups: 4), query, targetBytes: 20_000));

        Assert.Null(plan.Datasets["source"].Pruned);
    }

    [Fact]
    public async Task Plan_NameThatTheEngineHasMended_ReadsEverything()
    {
        var path = Path.Combine(harness.Folder, "mended.parquet");
        using (var single = new SingleEngine())
        {
            single.Execute(
                $"COPY (SELECT i AS k, i // 4096 AS q FROM range(8192) AS r(i)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE "
                + "2048)");
        }

        // The second column is named as the first but for case, and is read as K_1.
        ThriftFooter.Change(path, footer =>
        {
            ((ThriftStruct)footer.List(2)[2]).SetBinary(4, "K"u8.ToArray());
            foreach (var group in footer.List(4).Cast<ThriftStruct>())
            {
                ((ThriftList)((ThriftStruct)group.List(1)[1]).Struct(3).Fields[3].Value).Items[0] = "K"u8.ToArray();
            }
        });

        var job = Job([path], "SELECT count(*) AS n FROM source WHERE \"K_1\" = 1", targetBytes: 10_000);
        var plan = await harness.Plan(job);

        Assert.Null(plan.Datasets["source"].Pruned);
        Assert.Equal(["[4096]"], EngineHarness.Rows(await harness.Run(plan, job)));
    }

    [Fact]
    public Task Run_AnyCondition_AnswersAsIfAllWasRead() => CheckAsync(first: 0, count: 26);

    // A range of seeds may be named: ORLEANS_CLUSTER_PRUNED_CONDITIONS=first:count.
    [Fact]
    [Trait("Category", "Long")]
    public Task Run_ManyConditions_AnswerAsIfAllWasRead()
    {
        var wanted = (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_PRUNED_CONDITIONS") ?? "1000:5000").Split(':');
        return CheckAsync(int.Parse(wanted[0], CultureInfo.InvariantCulture), int.Parse(wanted[1], CultureInfo.InvariantCulture));
    }

    private async Task CheckAsync(int first, int count)
    {
        var (pruned, spared, sparable, refused) = (0, 0L, 0L, 0);
        var found = new List<string>();
        for (var seed = first; seed < first + count;)
        {
            var block = seed / ConditionsPerTables;
            using var tables = new PruningTables(harness, block);
            var whole = await harness.Dataset(tables.Source, new PartitioningSpec { TargetBytes = 30_000 });
            Assert.InRange(whole.Partitions.Count, 4, PruningTables.Files * PruningTables.Groups);
            for (; seed < first + count && seed / ConditionsPerTables == block; seed++)
            {
                var condition = PruningCondition.Of(new Random(seed));
                try
                {
                    var spec = Job(tables.Paths, $"SELECT i, t FROM source WHERE {condition} ORDER BY ALL");
                    var plan = await PlanAsync(whole, spec);
                    var dataset = plan.Datasets["source"];
                    var (lost, matching) = tables.Check(
                        condition.Replace("source.", "", StringComparison.Ordinal), dataset.Partitions);
                    var groups = dataset.Pruned?.RowGroups ?? 0;
                    if (lost > 0)
                    {
                        found.Add($"{seed}: {lost} rows are left out of {condition}");
                    }

                    pruned += groups > 0 ? 1 : 0;
                    spared += groups;
                    sparable += (PruningTables.Files * PruningTables.Groups) - matching;
                    if (seed % RunEvery == 0)
                    {
                        var rows = await Rows(await PlanAsync(whole, Unpruned(tables, condition)), spec);
                        found.AddRange((await Rows(plan, spec)).SequenceEqual(rows)
                            ? []
                            : [$"{seed}: other rows for {condition}"]);
                    }
                }
                catch (Exception refusal) when (refusal is DuckDBException or ClusterException)
                {
                    refused++;
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage(
            $"{pruned} of {count} conditions left out {spared} of {sparable} row groups without a row that meets them; {refused} "
            + "were refused.");
        Assert.True(found.Count == 0, $"{found.Count} of {count}:\n{string.Join('\n', found.Take(20))}");
        Assert.InRange(refused, 0, count / 4);
        Assert.InRange(spared, sparable / 4, sparable);
    }

    // A query of a query is never pruned: it is what the pruned one is compared with.
    private static JobSpec Unpruned(PruningTables tables, string condition) =>
        Job(tables.Paths, $"SELECT i, t FROM (SELECT * FROM source) AS source WHERE {condition} ORDER BY ALL");

    private async Task<string[]> Rows(JobPlan plan, JobSpec spec) => EngineHarness.Rows(await harness.Run(plan, spec));

    private Task<JobPlan> PlanAsync(PlannedDataset dataset, JobSpec spec) => new QueryPlanner(harness).Plan(
        spec, new Dictionary<string, PlannedDataset> { ["source"] = dataset }, CancellationToken.None);

    private List<string> Sorted(int files, int groups)
    {
        using var single = new SingleEngine();
        return [.. Enumerable.Range(0, files).Select(file =>
        {
            var path = Path.Combine(harness.Folder, $"sorted-{file}.parquet");
            var rows = groups * 2048;
            single.Execute(
                $"COPY (SELECT k, 'x' AS v, CAST(k AS DOUBLE) AS d FROM range({file * rows}, {(file + 1) * rows}) AS r(k)) "
                + $"TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)");
            return path;
        })];
    }

    private static JobSpec Job(IReadOnlyList<string> paths, string query, long targetBytes = 100_000) => new()
    {
        Operation = OperationKind.Sql,
        Source = new SourceSpec { Path = [.. paths], Format = SourceFormat.Parquet },
        Partitioning = new PartitioningSpec { TargetBytes = targetBytes },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };
}
