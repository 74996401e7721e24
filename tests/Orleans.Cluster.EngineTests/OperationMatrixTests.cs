using System.Globalization;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests;

/// <summary>
/// Every operation and every aggregate function against a single DuckDB: NULLs, NaN, groups without values, no rows at all.
/// </summary>
public sealed class OperationMatrixTests : IDisposable
{
    private static readonly Dictionary<string, string> Columns = new()
    {
        ["id"] = "BIGINT", ["k"] = "VARCHAR", ["g"] = "INTEGER", ["i"] = "BIGINT", ["h"] = "BIGINT", ["d"] = "DOUBLE",
        ["e"] = "DOUBLE", ["f"] = "DOUBLE",
        ["b"] = "BOOLEAN", ["s"] = "VARCHAR", ["day"] = "DATE", ["m"] = "DECIMAL(18,3)",
    };

    private EngineHarness harness = new();
    private PlanLimits? limits;
    private readonly SingleEngine single = new();

    /// <summary>Cases: operation, parameters, the same in SQL, and whether the order of the rows is said.</summary>
    public static TheoryData<string, string, string, bool> Cases { get; } = CasesOf();

    /// <summary>One aggregate function alone, by groups and over all.</summary>
    public static TheoryData<string, string, string, bool> Functions { get; } = FunctionsOf(1);

    /// <summary>Many aggregate functions in one job.</summary>
    public static TheoryData<string, string, string, bool> ManyFunctions { get; } = FunctionsOf(16);

    public void Dispose()
    {
        harness.Dispose();
        single.Dispose();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    [MemberData(nameof(ManyFunctions))]
    public async Task Run_ThreePartitions_EqualsSingleEngine(string operation, string parameters, string sql, bool isOrdered) =>
        await Compare(operation, parameters, sql, isOrdered, rows: 200, 3);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Cases))]
    [MemberData(nameof(ManyFunctions))]
    [MemberData(nameof(Functions))]
    public async Task Run_AnyPartitionsAndNoRows_EqualsSingleEngineEveryTime(
        string operation, string parameters, string sql, bool isOrdered)
    {
        await Compare(operation, parameters, sql, isOrdered, rows: 200, 1, 3, 13, 13);
        await Compare(operation, parameters, sql, isOrdered, rows: 0, 1);
    }

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Cases))]
    [MemberData(nameof(ManyFunctions))]
    public async Task Run_AsIfLarge_ExchangesAndEqualsSingleEngine(
        string operation, string parameters, string sql, bool isOrdered)
    {
        harness.Dispose();
        harness = new EngineHarness { CoalesceBytes = 0 };
        limits = new PlanLimits { GatherBytes = 512, BroadcastBytes = 512, DirectBytes = 512, TargetBytes = 2048 };

        // Many groups that nobody asked an order of come in the order of their targets.
        var isAsked = operation != "Aggregate" || parameters.Contains("orderBy", StringComparison.Ordinal);
        await Compare(operation, parameters, sql, isOrdered && isAsked, rows: 120, 3, 3);
    }

    [Fact]
    public async Task Run_LargeMeanSmallDeviation_HasTheVarianceToSixDigits()
    {
        var random = new Random(5);
        // What is written is what a double holds, so that the decimals know the right answer.
        var values = Enumerable.Range(0, 5000).Select(_ => 1_000_000_000m + ((decimal)random.Next(1 << 20) / (1 << 20))).ToList();
        var mean = values.Average();
        var variance = (double)(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
        var path = harness.Write(
            "noise.csv", "x\n" + string.Join('\n', values.Select(value => value.ToString(CultureInfo.InvariantCulture))) + "\n");
        var spec = new JobSpec
        {
            Operation = OperationKind.Aggregate,
            Source = new SourceSpec
            {
                Path = [path], Options = new SourceOptions { Columns = new Dictionary<string, string> { ["x"] = "DOUBLE" } },
            },
            Partitioning = new PartitioningSpec { MinPartitions = 13 },
            Parameters = JsonDocument.Parse(
                """{"aggregates":[{"function":"var_samp","column":"x"},{"function":"stddev_samp","column":"x"}]}""").RootElement,
        };

        var row = (await harness.Run(spec)).GetProperty("rows")[0];

        Assert.InRange(row[0].GetDouble() / variance, 1 - 1e-6, 1 + 1e-6);
        Assert.InRange(row[1].GetDouble() / Math.Sqrt(variance), 1 - 1e-6, 1 + 1e-6);
    }

    [Fact]
    public async Task Run_SampleWithOneSeed_DrawsTheSameRowsHoweverCut()
    {
        var path = harness.Write("left.csv", Table(300, seed: 3));
        foreach (var parameters in new[] { """{"fraction":0.3,"seed":7}""", """{"rows":40,"seed":7}""", """{"rows":1000}""",
            """{"fraction":1}""" })
        {
            var texts = new List<string>();
            foreach (var partitions in new[] { 1, 3, 13 })
            {
                texts.Add((await harness.Run(Spec("Sample", parameters, path, path, partitions))).GetRawText());
            }

            Assert.Single(texts.Distinct());
            var rows = JsonDocument.Parse(texts[0]).RootElement.GetProperty("totalRows").GetInt32();
            var (least, most) = parameters.Contains("0.3", StringComparison.Ordinal) ? (60, 120)
                : parameters.Contains("40", StringComparison.Ordinal) ? (40, 40) : (300, 300);
            Assert.InRange(rows, least, most);
        }

        var other = await harness.Run(Spec("Sample", """{"rows":40,"seed":8}""", path, path, 3));
        var same = await harness.Run(Spec("Sample", """{"rows":40,"seed":7}""", path, path, 3));
        Assert.NotEqual(other.GetRawText(), same.GetRawText());
    }

    [Fact]
    public async Task Run_SampleWithBadRows_SetsEachAsideOnce()
    {
        var path = harness.Write("left.csv", Table(200, seed: 3) + "no number" + new string(',', Columns.Count - 1) + "\n");
        var texts = new List<string>();
        foreach (var partitions in new[] { 1, 3 })
        {
            texts.Add((await harness.Run(
                Spec("Sample", """{"rows":40,"seed":7}""", path, path, partitions) with { OnBadRow = BadRowPolicy.Quarantine }))
                .GetRawText());
            Assert.Equal(1, harness.Quarantined);
        }

        Assert.Single(texts.Distinct());
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public async Task Run_Profile_DescribesEachColumn(int partitions, bool exact)
    {
        var path = harness.Write("left.csv", Table(300, seed: 3));
        single.Table("source", path, Columns);

        var result = await harness.Run(Spec("Profile", $$"""{"exact":{{(exact ? "true" : "false")}}}""", path, path, partitions));

        // So few rows are described exactly either way; quartiles between two rows are the only difference.
        var names = result.GetProperty("columns")
            .EnumerateArray().Select(column => column.GetProperty("name").GetString()!).ToList();
        var rows = result.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(Columns.Keys, rows.Select(row => row[names.IndexOf("column")].GetString()!));
        foreach (var (name, row) in Columns.Keys.Zip(rows))
        {
            var expected = single.Rows(
                $"SELECT count(*) AS n, count(*) - count({name}) AS u, count(DISTINCT {name}) AS d, min({name}) AS l, max("
                + $"{name}) AS h FROM source")[0];
            Assert.Equal(
                expected.Select(cell => cell.Text),
                new[] { "count", "nulls", "distinct", "min", "max" }.Select(figure => row[names.IndexOf(figure)].ToString()));
            Assert.Equal(0, row[names.IndexOf("distinct_relative_error")].GetDouble());
        }

        var i = single.Rows(
            "SELECT avg(i) AS a, stddev_samp(i) AS s, max(n) AS n FROM source, (SELECT count(*) AS n FROM source WHERE i IS NOT "
            + "NULL GROUP BY i)")[0];
        var actual = rows[3];
        Assert.Equal(double.Parse(i[0].Text!, CultureInfo.InvariantCulture), actual[names.IndexOf("mean")].GetDouble(), 1e-9);
        Assert.Equal(i[2].Text, actual[names.IndexOf("most_frequent_count")].ToString());
        var median = double.Parse(single.Rows("SELECT median(i) AS m FROM source")[0][0].Text!, CultureInfo.InvariantCulture);
        Assert.InRange(actual[names.IndexOf("median")].GetDouble(), median - 1, median + 1);
    }

    private async Task Compare(string operation, string parameters, string sql, bool isOrdered, int rows, params int[] partitions)
    {
        var left = harness.Write("left.csv", Table(rows, seed: 1));
        var right = harness.Write("right.csv", Table(rows / 4, seed: 2));
        single.Table("source", left, Columns);
        single.Table("r", right, Columns);
        var texts = new Dictionary<int, string>();
        foreach (var count in partitions)
        {
            var spec = Spec(operation, parameters, left, right, count);
            var result = await harness.Run(await harness.Plan(spec, limits), spec);

            single.AssertSame(sql, result, isOrdered);
            Assert.Equal(texts.GetValueOrDefault(count, result.GetRawText()), result.GetRawText());
            texts[count] = result.GetRawText();
        }
    }

    private static JobSpec Spec(string operation, string parameters, string left, string right, int partitions)
    {
        var kind = Enum.Parse<OperationKind>(operation);
        var isJoin = kind == OperationKind.Join;
        return new JobSpec
        {
            Operation = kind,
            Source = isJoin ? null : Source(left),
            Sources = isJoin ? new Dictionary<string, SourceSpec> { ["source"] = Source(left), ["r"] = Source(right) } : null,
            Partitioning = new PartitioningSpec { MinPartitions = partitions },
            Parameters = JsonDocument.Parse(parameters).RootElement,
        };
    }

    private static SourceSpec Source(string path) =>
        new() { Path = [path], Format = SourceFormat.Csv, Options = new SourceOptions { Header = true, Columns = Columns } };

    // Group a has all kinds of values, group b has NULL alone in each column, group c one row, and some rows have no group.
    private static string Table(int rows, int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder(string.Join(',', Columns.Keys)).Append('\n');
        for (var row = 0; row < rows; row++)
        {
            var key = row == 7 ? "c" : new[] { "a", "a", "d", "b", "", "\"x,\"\"y\"" }[random.Next(6)];
            string Value(Func<string> value) => key == "b" || random.Next(6) == 0 ? "" : value();
            string Double(double size) =>
                Value(() => ((random.NextDouble() - 0.3) * size).ToString("R", CultureInfo.InvariantCulture));
            text.AppendJoin(
                ',', row, key, random.Next(5) == 0 ? "" : random.Next(4), Value(() => $"{random.Next(-20, 20)}"),
                Value(() => $"{long.MaxValue - random.Next(1000)}"), Double(1000), Double(1),
                Value(() => random.Next(8) switch { 0 => "nan", 1 => "inf", 2 => "-inf", var n => $"{n}.5" }),
                Value(() => random.Next(2) == 0 ? "true" : "false"),
                Value(() => new[] { "x", "yy", "\"z\nz\"", "é" }[random.Next(4)]),
                Value(() => $"2024-0{random.Next(1, 10)}-1{random.Next(10)}"),
                Value(() => $"{random.Next(-100000, 100000)}.{random.Next(1000):000}")).Append('\n');
        }

        return text.ToString();
    }

    private static TheoryData<string, string, string, bool> CasesOf()
    {
        var cases = new TheoryData<string, string, string, bool>();
        void Add(string operation, string parameters, string sql, bool isOrdered = false) =>
            cases.Add(operation, parameters, sql, isOrdered);

        Add("Aggregate", """{"groupBy":["k"],"aggregates":[{"function":"count"}],"where":"i > 100"}""",
            "SELECT k, count(*) FROM source WHERE i > 100 GROUP BY k");
        Add("Aggregate",
            """{"aggregates":[{"function":"count"},{"function":"sum","column":"i"},{"function":"stddev_samp","column":"d"},{"function":"median","column":"d"}],"where":"i > 100"}""",
            "SELECT count(*), sum(i), stddev_samp(d), median(d) FROM source WHERE i > 100");
        Add("Aggregate",
            """{"groupBy":["g"],"aggregates":[{"function":"sum","column":"i","as":"t"},{"function":"count","as":"n"}],"having":"t > -100 AND count(*) > 1","orderBy":[{"column":"n","descending":true},{"column":"g"}],"limit":3}""",
            "SELECT g, sum(i) AS t, count(*) AS n FROM source GROUP BY g HAVING sum(i) > -100 AND count(*) > 1 ORDER BY n DESC, "
            + "g ASC NULLS LAST LIMIT 3", true);
        Add("Aggregate",
            """{"groupBy":["k"],"aggregates":[{"function":"sum","column":"i","as":"i"}],"having":"i > 5 OR i IS NULL"}""",
            "SELECT k, t FROM (SELECT k, sum(i) AS t FROM source GROUP BY k) WHERE t > 5 OR t IS NULL");
        Add("Aggregate", """{"groupBy":["f"],"aggregates":[{"function":"count"}]}""",
            "SELECT f, count(*) FROM source GROUP BY f ORDER BY f ASC NULLS LAST", true);
        Add("Aggregate", """{"groupBy":["k"],"aggregates":[]}""", "SELECT k FROM source GROUP BY k");
        Add("Aggregate",
            """{"groupBy":["k"],"aggregates":[{"function":"sum","column":"i","distinct":true},{"function":"avg","column":"d"},{"function":"string_agg","column":"s","distinct":true,"as":"u"}]}""",
            "SELECT k, sum(DISTINCT i), avg(d), string_agg(DISTINCT s, ',') FROM source GROUP BY k");
        Add("Aggregate", "{}",
            "SELECT count(*), " + string.Join(", ", Columns.Where(c => c.Value is not ("VARCHAR" or "BOOLEAN" or "DATE"))
            .Select(c =>
                $"count({c.Key}) AS c{c.Key}, sum({c.Key}) AS s{c.Key}, avg({c.Key}) AS a{c.Key}, min({c.Key}) AS l{c.Key}, max("
                + $"{c.Key}) AS u{c.Key}")) + " FROM source");

        Add("Filter", """{"where":"i > 0 AND k IN ('a', 'd')"}""", "SELECT * FROM source WHERE i > 0 AND k IN ('a', 'd')", true);
        Add("Filter", """{"where":"f = 'nan'::DOUBLE OR b"}""", "SELECT * FROM source WHERE f = 'nan'::DOUBLE OR b", true);
        Add("Select", """{"columns":["s","id",{"expression":"i * 2 + length(s)","as":"x"}],"where":"d IS NOT NULL"}""",
            "SELECT s, id, i * 2 + length(s) AS x FROM source WHERE d IS NOT NULL", true);
        Add("Convert", "{}", "SELECT * FROM source", true);
        Add("Distinct", """{"columns":["k","b"]}""", "SELECT DISTINCT k, b FROM source");
        Add("Distinct", """{"columns":["f"]}""", "SELECT DISTINCT f FROM source");
        Add("Distinct", "{}", "SELECT DISTINCT * FROM source");
        Add("Sort", """{"by":[{"column":"d","descending":true},{"column":"id"}]}""",
            "SELECT * FROM source ORDER BY d DESC NULLS LAST, id ASC NULLS LAST", true);
        Add("Sort", """{"by":[{"column":"f","nullsFirst":true},{"column":"s"},{"column":"id","descending":true}],"limit":17}""",
            "SELECT * FROM source ORDER BY f ASC NULLS FIRST, s ASC NULLS LAST, id DESC NULLS LAST LIMIT 17", true);
        foreach (var how in new[] { "INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI" })
        {
            var columns = how is "SEMI" or "ANTI" ? "\"id\",\"k\",\"i\"" : "\"id\",\"k\",\"i\",\"id_right\",\"s_right\"";
            Add("Join", $$"""{"left":"source","right":"r","on":[{"left":"i","right":"i"}],"how":"{{how}}","columns":[{{columns}}]}""",
                $"SELECT source.id, source.k, source.i{(how is "SEMI" or "ANTI" ? "" : ", r.id AS r1, r.s AS r2")} FROM source "
                + $"{how} JOIN r ON source.i = r.i");
        }

        Add("Join", """{"left":"source","right":"r","on":[{"left":"k","right":"k"},{"left":"g","right":"g"}],"columns":["id","id_right"]}""",
            "SELECT source.id, r.id AS r1 FROM source JOIN r ON source.k = r.k AND source.g = r.g");
        Add("Melt", """{"id":["id"],"columns":["i","d"]}""",
            "SELECT id, unnest(['i', 'd']) AS name, unnest([i, d]) AS value FROM source", true);
        Add("Melt", """{"id":["id","k"],"columns":["s","day"],"nameColumn":"n","valueColumn":"v"}""",
            "SELECT id, k, unnest(['s', 'day']) AS n, unnest([s, CAST(day AS VARCHAR)]) AS v FROM source", true);
        foreach (var (function, value) in new[] { ("sum", "i"), ("count", "d"), ("avg", "e"), ("min", "day"), ("max", "s"),
            ("first", "i"), ("last", "i"), ("sum", "m") })
        {
            Add("Pivot", $$"""{"index":["g"],"key":"k","value":"{{value}}","function":"{{function}}"}""",
                $"SELECT * FROM (PIVOT (SELECT g, k, {value} FROM source) ON k USING {function}({value}) GROUP BY g) ORDER BY g "
                + "ASC NULLS LAST", true);
        }

        Add("Pivot", """{"index":["k","b"],"key":"g","value":"i"}""",
            "SELECT * FROM (PIVOT (SELECT k, b, g, i FROM source) ON g USING sum(i) GROUP BY k, b) ORDER BY k ASC NULLS LAST, b "
            + "ASC NULLS LAST", true);
        return cases;
    }

    private static TheoryData<string, string, string, bool> FunctionsOf(int together)
    {
        var cases = new TheoryData<string, string, string, bool>();
        foreach (var some in Aggregates().Chunk(together))
        {
            var items = string.Join(',', some.Select((a, index) =>
                $$"""{"function":"{{a.Function}}","column":"{{a.Column}}","as":"v{{index}}"{{(a.Sql.Contains("0.3", StringComparison.Ordinal) ? ",\"q\":0.3" : "")}}}"""));
            var sql = string.Join(", ", some.Select((a, index) => $"{a.Sql} AS v{index}"));
            cases.Add("Aggregate", $$"""{"groupBy":["k","g"],"aggregates":[{{items}}]}""",
                $"SELECT k, g, {sql} FROM source GROUP BY k, g ORDER BY k ASC NULLS LAST, g ASC NULLS LAST", true);
            cases.Add("Aggregate", $$"""{"aggregates":[{{items}}],"where":"id >= 0"}""", $"SELECT {sql} FROM source", true);
        }

        return cases;
    }

    private static IEnumerable<(string Function, string Column, string Sql)> Aggregates()
    {
        yield return ("count", "*", "count(*)");
        yield return ("count", "i", "count(i)");
        foreach (var column in new[] { "i", "h", "d", "f", "m", "b" })
        {
            yield return ("sum", column, $"sum({column})");
        }

        foreach (var column in new[] { "i", "h", "d", "f", "m", "day" })
        {
            yield return ("avg", column, $"avg({column})");
        }

        foreach (var column in new[] { "i", "d", "f", "m", "s", "day", "b" })
        {
            yield return ("min", column, $"min({column})");
            yield return ("max", column, $"max({column})");
        }

        foreach (var function in new[] { "stddev_samp", "stddev_pop", "var_samp", "var_pop" })
        {
            yield return (function, "i", $"{function}(i)");
            yield return (function, "d", $"{function}(d)");
            yield return (function, "m", $"{function}(m)");
        }

        foreach (var column in new[] { "i", "d", "m", "day" })
        {
            yield return ("median", column, $"median({column})");
            yield return ("quantile_cont", column, $"quantile_cont({column}, 0.3)");
            yield return ("mode", column, $"mode({column})");
        }

        foreach (var column in new[] { "i", "f", "s", "day", "b" })
        {
            yield return ("first", column, $"first({column})");
            yield return ("last", column, $"last({column})");
            yield return ("count distinct", column, $"count(DISTINCT {column})");
        }

        yield return ("string_agg", "s", "string_agg(s, ',')");
        yield return ("string_agg", "i", "string_agg(i, ',')");
        yield return ("bool_and", "b", "bool_and(b)");
        yield return ("bool_or", "b", "bool_or(b)");
        yield return ("corr", "d,e", "corr(d, e)");
        yield return ("covar_samp", "d,i", "covar_samp(d, i)");
    }
}
