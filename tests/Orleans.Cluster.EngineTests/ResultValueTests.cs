using System.Text.Json;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>Values of every type as a client gets them: through each format of an output and each form of a result.</summary>
public sealed class ResultValueTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    private static readonly (string Sql, string Type, string Json)[] Values =
    [
        ("true", "BOOLEAN", "true"),
        ("CAST(9007199254740992 AS BIGINT)", "BIGINT", "9007199254740992"),
        ("CAST(9007199254740993 AS BIGINT)", "BIGINT", "\"9007199254740993\""),
        ("CAST(18446744073709551615 AS UBIGINT)", "UBIGINT", "\"18446744073709551615\""),
        ("CAST(42 AS HUGEINT)", "DECIMAL(38,0)", "42"),
        ("CAST(-123456789012345678901 AS HUGEINT)", "DECIMAL(38,0)", "\"-123456789012345678901\""),
        ("CAST(12.5 AS DECIMAL(9,2))", "DECIMAL(9,2)", "\"12.50\""),
        ("CAST(12 AS DECIMAL(9,0))", "DECIMAL(9,0)", "12"),
        ("CAST('NaN' AS DOUBLE)", "DOUBLE", "\"NaN\""),
        ("CAST('-inf' AS FLOAT)", "FLOAT", "\"-Infinity\""),
        ("CAST(0.1 AS FLOAT)", "FLOAT", "0.1"),
        ("CAST(1e300 AS DOUBLE)", "DOUBLE", "1e+300"),
        ("'a\"b' || chr(10) || chr(1) || 'é😀'", "VARCHAR", "\"a\\\"b\\n\\u0001é😀\""),
        ("CAST('\\xAA\\x00b' AS BLOB)", "BLOB", "\"qgBi\""),
        ("DATE '2020-02-29'", "DATE", "\"2020-02-29\""),
        ("CAST('infinity' AS DATE)", "DATE", "\"infinity\""),
        ("TIME '01:02:03.5'", "TIME", "\"01:02:03.5\""),
        ("TIMESTAMP '2020-02-29 01:02:03.123456'", "TIMESTAMP", "\"2020-02-29T01:02:03.123456\""),
        ("CAST('2020-02-29 01:02:03.123456789' AS TIMESTAMP_NS)", "TIMESTAMP_NS", "\"2020-02-29T01:02:03.123456789\""),
        ("TIMESTAMPTZ '2020-02-29 01:02:03+02'", "TIMESTAMP WITH TIME ZONE", "\"2020-02-28T23:02:03.000000Z\""),
        ("INTERVAL '1 year 2 days 3.000004 seconds'", "VARCHAR", "\"1 year 2 days 00:00:03.000004\""),
        ("CAST('a''b' AS ENUM('a''b'))", "VARCHAR", "\"a'b\""),
        ("CAST('101' AS BIT)", "VARCHAR", "\"101\""),
        ("CAST('{\"b\":[1.5,\"x\"]}' AS JSON)", "JSON", "{\"b\":[1.5,\"x\"]}"),
        ("CAST('8f3e6c9a-0000-4000-8000-000000000001' AS UUID)", "UUID", "\"8f3e6c9a-0000-4000-8000-000000000001\""),
        ("[CAST('NaN' AS DOUBLE), NULL, 1.5]", "DOUBLE[]", "[\"NaN\",null,1.5]"),
        ("[CAST(1 AS HUGEINT), 123456789012345678901]", "DECIMAL(38,0)[]", "[1,\"123456789012345678901\"]"),
        ("[]::INTEGER[]", "INTEGER[]", "[]"),
        ("{'a \"b': TIMESTAMP '2020-01-01', 'c': [CAST('x' AS BLOB)]}", "STRUCT(\"a \"\"b\" TIMESTAMP, c BLOB[])",
            "{\"a \\\"b\":\"2020-01-01T00:00:00\",\"c\":[\"eA==\"]}"),
        ("row(1, 'x')", "STRUCT(\"column0\" INTEGER, \"column1\" VARCHAR)", "{\"column0\":1,\"column1\":\"x\"}"),
        ("MAP {DATE '2020-01-01': [CAST('inf' AS DOUBLE)]}", "MAP(DATE, DOUBLE[])", "{\"2020-01-01\":[\"Infinity\"]}"),
        ("union_value(n := 1)", "JSON", "{\"n\":1}"),
        ("[[{'d': CAST(1.5 AS DECIMAL(4,1))}], NULL]", "STRUCT(d DECIMAL(4,1))[][]", "[[{\"d\":\"1.5\"}],null]"),
    ];

    [Theory]
    [InlineData(OutputFormat.Parquet, false)]
    [InlineData(OutputFormat.Parquet, true)]
    [InlineData(OutputFormat.Csv, false)]
    [InlineData(OutputFormat.Csv, true)]
    [InlineData(OutputFormat.Tsv, true)]
    [InlineData(OutputFormat.Ndjson, false)]
    [InlineData(OutputFormat.Ndjson, true)]
    public async Task Result_Values_AreTheSameWhateverTheOutputWas(OutputFormat format, bool folders)
    {
        var columns = string.Join(", ", Values.Select((value, i) => $"{value.Sql} AS v{i}"));
        var nulls = string.Join(", ", Values.Select((_, i) => $"NULL AS v{i}"));
        var query = JsonSerializer.SerializeToElement(
            new { query = $"SELECT {columns}, n FROM source UNION ALL SELECT {nulls}, 2 FROM source" });

        var result = await harness.Run(
            Job(query, new OutputSpec { Path = "out", Format = format, PartitionBy = folders ? ["n"] : [] }));

        var types = result.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("type").GetString());
        var rows = result.GetProperty("rows")
            .EnumerateArray().Select(row => row.EnumerateArray().Select(cell => cell.GetRawText()).ToArray()).ToList();
        Assert.Equal(Values.Select(value => value.Type), types.SkipLast(1));
        Assert.Equal(Values.Select(value => value.Json), rows[0].SkipLast(1));
        Assert.All(rows[1].SkipLast(1), cell => Assert.Equal("null", cell));
        Assert.Equal(["1", "2"], rows.Select(row => row[^1]));
    }

    // The statements that make and read JSON have names of their own, which are users' too.
    [Theory]
    [InlineData(OutputFormat.Parquet)]
    [InlineData(OutputFormat.Csv)]
    [InlineData(OutputFormat.Ndjson)]
    public async Task Result_ColumnsNamedAsOurOwn_KeepTheirValues(OutputFormat format)
    {
        string[] names = ["x0", "y0", "x1", "y1", "line", "json", "q", "f", "v", "__file", "__path", "__value0"];
        var columns = string.Join(", ", names.Select((name, i) => $"{{'key': {i}, 'value': 'wrong'}} AS {name}"));
        var query = JsonSerializer.SerializeToElement(
            new { query = $"SELECT {columns}, MAP {{'k': [MAP {{7: 'right'}}]}} AS m, [[1]] AS l FROM source" });

        var result = await harness.Run(Job(query, new OutputSpec { Path = "out", Format = format }));

        var row = result.GetProperty("rows")[0].EnumerateArray().Select(cell => cell.GetRawText()).ToArray();
        Assert.Equal(names.Select((_, i) => $"{{\"key\":{i},\"value\":\"wrong\"}}")
            .Append("{\"k\":[{\"7\":\"right\"}]}").Append("[[1]]"), row);
    }

    [Theory]
    [InlineData(OutputFormat.Parquet)]
    [InlineData(OutputFormat.Csv)]
    [InlineData(OutputFormat.Ndjson)]
    public Task Result_GeneratedValues_ComeBackAsTheyWere(OutputFormat format) => Generated(format, 20_261_128, 2);

    [Theory]
    [Trait("Category", "Long")]
    [InlineData(OutputFormat.Parquet)]
    [InlineData(OutputFormat.Csv)]
    [InlineData(OutputFormat.Tsv)]
    [InlineData(OutputFormat.Ndjson)]
    public Task Result_ManyGeneratedValues_ComeBackAsTheyWere(OutputFormat format) => Generated(format, 1, 60);

    private async Task Generated(OutputFormat format, int seed, int rounds)
    {
        var random = new Random(seed);
        for (var round = 0; round < rounds; round++)
        {
            var columns = Enumerable.Range(0, 8).Select(i => new GeneratedColumn($"c{i}", random)).ToList();
            var source = Path.Combine(harness.Folder, $"{format}-{round}.parquet");
            var rows = string.Join(" UNION ALL ", Enumerable.Range(0, 40).Select(i =>
                $"SELECT {i} AS n, {string.Join(", ", columns.Select(column => $"{column.Value(random)} AS {column.Name}"))}"));
            Scalar($"COPY ({rows}) TO '{source}' (FORMAT parquet)");
            var output = new OutputSpec { Path = "out", Format = format, PartitionBy = round % 2 == 0
                ? []
                : ["c0"], FileBytes = round % 3 == 0 ? 4096 : null };
            var spec = new JobSpec
            {
                Operation = OperationKind.Convert, Source = new SourceSpec { Path = [source] }, Output = output,
            };

            await harness.Run(spec);

            var back = await harness.Export(ExportFormat.Parquet, output);
            var wanted = string.Join(
                ", ", harness.LastColumns.Select(column =>
                    $"CAST({SqlText.Name(column.Name)} AS {column.Type}) AS {SqlText.Name(column.Name)}"));
            Assert.Equal(40L, Scalar($"SELECT count(*) FROM '{back}'"));
            Assert.Equal(0L, Scalar($"SELECT count(*) FROM (SELECT {wanted} FROM '{source}' EXCEPT ALL SELECT * FROM '{back}')"));
            var (csv, json) = (await harness.Export(ExportFormat.Csv, output), await Rows(output));

            // Whatever the files were, each form has the same text of a value.
            var plain = new OutputSpec { Path = "plain", Format = OutputFormat.Parquet };
            await harness.Run(spec with { Output = plain });
            Assert.Equal(await Rows(plain), json);
            var other = await harness.Export(ExportFormat.Csv, plain);
            Assert.Equal(40L, Scalar($"SELECT count(*) FROM {Csv(csv)}"));
            Assert.Equal(0L, Scalar($"SELECT count(*) FROM (FROM {Csv(csv)} EXCEPT ALL FROM {Csv(other)})"));
        }
    }

    // By their number, the first column: folders give rows another order.
    private async Task<IEnumerable<string>> Rows(OutputSpec output)
    {
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(await harness.Export(ExportFormat.Json, output)));
        return [.. document.RootElement.GetProperty("rows").EnumerateArray()
            .OrderBy(row => row[0].GetInt64()).Select(row => row.GetRawText())];
    }

    private static string Csv(string path) =>
        $"read_csv('{path}', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = "
        + "false)";

    // Also where a folder has its name, and where the engine's own tables have a column of that name unseen.
    [Theory]
    [InlineData("rowid")]
    [InlineData("filename")]
    [InlineData("line")]
    public async Task Result_FoldersNamedAsOurOwn_LoseNoRow(string name)
    {
        var path = harness.Write(
            "named.csv", $"{name},n\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"k{i % 3},{i}\n")));
        foreach (var format in Enum.GetValues<OutputFormat>())
        {
            var result = await harness.Run(new JobSpec
            {
                Operation = OperationKind.Convert,
                Source = new SourceSpec
                {
                    Path = [path], Format = SourceFormat.Csv, Options = new SourceOptions { Header = true },
                },
                Output = new OutputSpec { Path = "out", Format = format, PartitionBy = [name] },
                Partitioning = new PartitioningSpec { MinPartitions = 3 },
            });

            Assert.Equal(
                Enumerable.Range(0, 40).Select(i => $"[\"k{i % 3}\",{i}]").Order(StringComparer.Ordinal),
                EngineHarness.Rows(result).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Result_FoldersOfNullAndOfItsWords_LoseNoRow()
    {
        var path = harness.Write(
            "marker.csv", "k,i\n__HIVE_DEFAULT_PARTITION__,1\n,2\nNULL,3\n\"\",4\na/b=c,5\n__HIVE_DEFAULT_PARTITION__,6\n");
        foreach (var format in Enum.GetValues<OutputFormat>())
        {
            var result = await harness.Run(new JobSpec
            {
                Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path], Format = SourceFormat.Csv },
                Output = new OutputSpec { Path = "out", Format = format, PartitionBy = ["k"] },
            });

            Assert.Equal(
                ["[\"__HIVE_DEFAULT_PARTITION__\",1]", "[\"__HIVE_DEFAULT_PARTITION__\",6]", "[null,2]", "[\"NULL\",3]",
                    "[\"\",4]", "[\"a/b=c\",5]"],
                EngineHarness.Rows(result));
        }
    }

    [Theory]
    [InlineData("""{"query":"SELECT k FROM source"}""", "leaves none for the files")]
    [InlineData("""{"query":"SELECT k || chr(0) AS k, i FROM source"}""", "NUL")]
    [InlineData("""{"query":"SELECT repeat(k, 300) AS k, i FROM source"}""", "too long for the name of a folder")]
    public async Task Result_FoldersThatCannotBe_AreRefused(string parameters, string reason)
    {
        var path = harness.Write("folders.csv", "k,i\na,1\n");

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(new JobSpec
        {
            Operation = OperationKind.Sql, Source = new SourceSpec { Path = [path] },
            Parameters = JsonDocument.Parse(parameters).RootElement,
            Output = new OutputSpec { Path = "out", PartitionBy = ["k"] },
        }));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.NotEqual("internal", refused.Problem.Code);
    }

    private JobSpec Job(JsonElement parameters, OutputSpec output) => new()
    {
        Operation = OperationKind.Sql,
        Source = new SourceSpec
        {
            Path = [harness.Write("one.csv", "n\n1\n")], Format = SourceFormat.Csv, Options = new SourceOptions { Header = true },
        },
        Parameters = parameters,
        Output = output,
    };

    private static object? Scalar(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
