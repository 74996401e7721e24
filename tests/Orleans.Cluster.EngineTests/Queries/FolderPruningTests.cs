using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>Files left out by the values of their folders: as many as can be, and never a row of the answer.</summary>
public sealed class FolderPruningTests : IDisposable
{
    private static readonly string[] Days =
        ["2024-01-01", "2024-01-02", "2024-02-29", "2023-12-31", "__HIVE_DEFAULT_PARTITION__"];
    private static readonly string[] Numbers = ["1", "-7", "0", "42", "__HIVE_DEFAULT_PARTITION__"];
    private static readonly string[] Texts =
        ["a", "B", "%C3%A9", "10", "%F0%9D%84%9E", "%EF%BF%BD", "__HIVE_DEFAULT_PARTITION__"];

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Fact]
    public async Task Plan_OneDayOfForty_ReadsOneFortiethOfTheFiles()
    {
        var paths = Enumerable.Range(0, 40).SelectMany(day => Enumerable.Range(0, 50)
            .Select(file =>
                harness.Write($"day={new DateOnly(2024, 1, 1).AddDays(day):yyyy-MM-dd}/{file}.csv", $"k,v\n{file},1\n")))
                .ToList();

        var plan = await harness.Plan(Job(paths, "SELECT count(*) AS n FROM source WHERE day = '2024-01-08'"));

        Assert.Equal(
            50, plan.Datasets["source"].Partitions.SelectMany(partition => partition.Slices)
            .Select(slice => slice.File.Stamp.Path).Distinct().Count());
        Assert.Equal(
            new PrunedFiles(1950, 2000, paths.Sum(path => new FileInfo(path).Length) / 40 * 39), plan.Datasets["source"].Pruned);
    }

    [Theory]
    [InlineData("SELECT k FROM source WHERE upper(t) = 'A'")]
    [InlineData("SELECT k FROM source WHERE NOT upper(t) = 'A'")]
    [InlineData("SELECT k, 'a' AS t FROM source WHERE t = 'a'")]
    [InlineData("SELECT k FROM source WHERE t = (SELECT min(t) FROM source)")]
    [InlineData("SELECT s.k FROM source AS s, source AS o WHERE s.t = 'a' AND s.k = o.k")]
    [InlineData("SELECT k FROM (SELECT * FROM source) WHERE t = 'a'")]
    [InlineData("SELECT t FROM source AS s(t, n, d, k) WHERE t = 'a'")]
    public async Task Plan_ConditionThatIsNotSure_ReadsEverything(string query)
    {
        var plan = await harness.Plan(Job(Write(), query));

        Assert.Null(plan.Datasets["source"].Pruned);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Run_AnyCondition_AnswersAsIfAllWasRead(int seed) => CompareAsync(new Random(seed), 12);

    [Fact]
    [Trait("Category", "Long")]
    public Task Run_ManyConditions_AnswerAsIfAllWasRead() => CompareAsync(new Random(2024), 5_000);

    // A query of a query is never pruned: it is what the pruned one is compared with.
    private async Task CompareAsync(Random random, int cases)
    {
        var (paths, pruned) = (Write(), 0);
        var datasets = new Dictionary<string,
            PlannedDataset> { ["source"] = await harness.Dataset(Job(paths, "").Source!, new PartitioningSpec()) };
        for (var i = 0; i < cases; i++)
        {
            var condition = Condition(random, 3);
            var (sure, all) = (
                Job(paths, $"SELECT k FROM source WHERE {condition} ORDER BY k"),
                Job(paths, $"SELECT k FROM (SELECT * FROM source) AS source WHERE {condition} ORDER BY k"));

            var plan = await PlanAsync(sure);
            var rows = EngineHarness.Rows(await harness.Run(plan, sure));

            Assert.True(EngineHarness.Rows(await harness.Run(await PlanAsync(all), all)).SequenceEqual(rows), condition);
            pruned += plan.Datasets["source"].Pruned is null ? 0 : 1;
        }

        Assert.InRange(pruned, 1, cases);

        Task<JobPlan> PlanAsync(JobSpec spec) => new QueryPlanner(harness).Plan(spec, datasets, CancellationToken.None);
    }

    private static string Condition(Random random, int depth) => random.Next(depth > 0 ? 5 : 3) switch
    {
        0 => $"{Column(random, out var constant)} {Pick(random, "=", "<>", "<", "<=", ">", ">=")} {constant()}",
        1 => $"{Column(random, out var constant)} {Pick(random, "IN", "NOT IN")} ({constant()}, {constant()})",
        2 => $"{Column(random, out var constant)} {Pick(random, "BETWEEN", "NOT BETWEEN")} {constant()} AND {constant()}",
        3 => $"({Condition(random, depth - 1)} {Pick(random, "AND", "OR")} {Condition(random, depth - 1)})",
        _ => $"NOT ({Condition(random, depth - 1)})",
    };

    private static string Column(Random random, out Func<string> constant)
    {
        var column = Pick(random, "d", "n", "t");
        constant = column switch
        {
            "d" => () => Pick(random, "'2024-01-02'", "DATE '2024-02-29'", "'2024-1-2'", "NULL", "'1999-01-01'"),
            "n" => () => Pick(random, "0", "-7", "42", "1.0", "0.5", "'42'", "NULL", "9223372036854775807"),
            _ => () => Pick(random, "'a'", "'B'", "'\u00e9'", "''", "'10'", "NULL", "'\ud834\udd1e'", "'\ufffd'"),
        };
        return random.Next(4) == 0 ? $"source.{column}" : column;
    }

    private static string Pick(Random random, params string[] choices) => choices[random.Next(choices.Length)];

    private List<string> Write() =>
    [
        .. from day in Days
           from number in Numbers
           from text in Texts
           select (day, number, text) into folder
           select harness.Write(
               $"d={folder.day}/n={folder.number}/t={folder.text}/x.csv", $"k\n{folder.day}/{folder.number}/{folder.text}\n"),
    ];

    private static JobSpec Job(IReadOnlyList<string> paths, string query) => new()
    {
        Operation = OperationKind.Sql,
        Source = new SourceSpec { Path = [.. paths], Format = SourceFormat.Csv },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };
}
