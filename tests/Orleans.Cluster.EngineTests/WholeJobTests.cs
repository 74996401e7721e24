using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests;

/// <summary>Specs in, rows out, over few and many partitions: the planner and the engine together.</summary>
public sealed class WholeJobTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(13)]
    public async Task Run_AggregateWithoutParameters_DescribesNumericColumns(int partitions)
    {
        var result = await harness.Run(Job("gene,count\na,1\nb,2\na,3\n", partitions, OperationKind.Aggregate));

        Assert.Equal(["rows", "count_count", "count_sum", "count_mean", "count_min", "count_max"], Columns(result));
        Assert.Equal(["[3,3,6,2,1,3]"], EngineHarness.Rows(result));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(13)]
    public async Task Run_GroupedAggregate_EqualsByHand(int partitions)
    {
        var spec = Job("gene,count\na,1\nb,2\na,3\n,4\n", partitions, OperationKind.Aggregate, """
            {"groupBy":["gene"],"aggregates":[{"function":"sum","column":"count","as":"total"},{"function":"avg","column":"count"},
            {"function":"count","column":"count","distinct":true,"as":"d"}],"orderBy":[{"column":"total","descending":true}]}
            """);

        var result = await harness.Run(spec);

        // Two groups have one total; between them any order is right.
        Assert.Equal(
            ["[\"a\",4,2,2]", "[\"b\",2,2,1]", "[null,4,4,1]"], EngineHarness.Rows(result).Order(StringComparer.Ordinal));
        Assert.StartsWith("[\"b\"", EngineHarness.Rows(result)[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Run_Filter_KeepsInputOrder(int partitions)
    {
        var result = await harness.Run(
            Job("n,s\n3,c\n1,a\n2,b\n5,e\n", partitions, OperationKind.Filter, """{"where":"n <> 1"}"""));

        Assert.Equal(["[3,\"c\"]", "[2,\"b\"]", "[5,\"e\"]"], EngineHarness.Rows(result));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Run_Sql_GroupsAndOrders(int partitions)
    {
        var spec = Job(
            "n,s\n3,c\n1,a\n2,c\n5,a\n", partitions, OperationKind.Sql,
            """{"query":"SELECT s, max(n) AS m FROM source GROUP BY s ORDER BY m DESC"}""");

        Assert.Equal(["[\"a\",5]", "[\"c\",3]"], EngineHarness.Rows(await harness.Run(spec)));
    }

    [Fact]
    public async Task Run_QuotedNewlines_AreOneRecordWhereverTheFileIsCut()
    {
        const string Text = "n,s\n1,\"a\nb\"\n2,\"c,\"\"d\"\n3,\n4,\"\n\n\"\n";
        for (var partitions = 1; partitions <= Text.Length; partitions++)
        {
            var result = await harness.Run(Job(Text, partitions, OperationKind.Convert));

            Assert.Equal(["[1,\"a\\nb\"]", "[2,\"c,\\\"d\"]", "[3,null]", "[4,\"\\n\\n\"]"], EngineHarness.Rows(result));
        }
    }

    [Fact]
    public async Task Run_RowThatDoesNotFit_IsNamedWithItsPlace()
    {
        var path = harness.Write("bad.csv", "n,s\n1,a\nX,b\n3,c\n");
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert,
            Source = new SourceSpec
            {
                Path = [path], Options = new SourceOptions { Columns = new Dictionary<string, string> { ["n"] = "BIGINT" } },
            },
        };

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(spec));

        Assert.Equal("bad-row", refused.Problem.Code);
        Assert.Contains(
            $"{path}, line 3, byte 8, column 'n': value 'X' is not a valid BIGINT", refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RowThatDoesNotFitUnderQuarantine_IsSetAsideAndCounted()
    {
        var path = harness.Write("bad.csv", "n,s\n1,a\nX,b\n3,c\n4\n");
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert,
            OnBadRow = BadRowPolicy.Quarantine,
            Source = new SourceSpec
            {
                Path = [path], Options = new SourceOptions { Columns = new Dictionary<string, string> { ["n"] = "BIGINT" } },
            },
        };

        var result = await harness.Run(spec);

        Assert.Equal(["[1,\"a\"]", "[3,\"c\"]"], EngineHarness.Rows(result));
        Assert.Equal(2, harness.Quarantined);
    }

    [Fact]
    public async Task Run_GzAndParquetAndNdjson_GiveTheSameRows()
    {
        using var buffer = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(
            buffer, System.IO.Compression.CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write("n,s\n1,a\n2,b\n"u8);
        }

        var gz = await harness.Run(Read(harness.Write("x.csv.gz", buffer.ToArray())));
        var ndjson = await harness.Run(Read(harness.Write("x.ndjson", "{\"n\":1,\"s\":\"a\"}\n{\"n\":2,\"s\":\"b\"}\n")));
        var document = await harness.Run(Read(harness.Write("x.json", "[{\"n\":1,\"s\":\"a\"},\n{\"n\":2,\"s\":\"b\"}]")));

        Assert.All([gz, ndjson, document], result => Assert.Equal(["[1,\"a\"]", "[2,\"b\"]"], EngineHarness.Rows(result)));
    }

    [Fact]
    public async Task Run_HeaderOnly_HasColumnsAndNoRows()
    {
        var result = await harness.Run(Job("n,s\n", 1, OperationKind.Convert));

        Assert.Equal(["n", "s"], Columns(result));
        Assert.Equal(0, result.GetProperty("totalRows").GetInt32());
    }

    private static JobSpec Read(string path) =>
        new() { Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path] } };

    private JobSpec Job(string text, int partitions, OperationKind operation, string? parameters = null) => new()
    {
        Operation = operation,
        Source = new SourceSpec { Path = [harness.Write($"{Guid.NewGuid():N}.csv", text)], Format = SourceFormat.Csv },
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
        Parameters = parameters is null ? null : JsonDocument.Parse(parameters).RootElement,
    };

    private static string[] Columns(JsonElement result) =>
        [.. result.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString()!)];
}
