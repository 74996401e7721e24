using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// Values that may be taken for others: what type a column gets, and that every row is there as it was written, however it is
/// cut.
/// </summary>
public sealed class OddValueTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("2024-01-31 2024-02-01", "DATE", "2024-01-31")]
    [InlineData("01/31/2024 02/01/2024", "VARCHAR", "01/31/2024")]
    [InlineData("31.01.2024 2024-02-01", "VARCHAR", "31.01.2024")]
    [InlineData("2024-01-31T10:00:00 2024-02-01", "TIMESTAMP", "2024-01-31T10:00:00")]
    [InlineData("2024-01-31T10:00:00+02:00 2024-01-31T10:00:00Z", "VARCHAR", "2024-01-31T10:00:00+02:00")]
    [InlineData("00012 12", "VARCHAR", "00012")]
    [InlineData("+12 -7", "BIGINT", "12")]
    [InlineData("+1.50 2", "DOUBLE", "1.5")]
    [InlineData("9223372036854775807 -9223372036854775808", "BIGINT", "9223372036854775807")]
    [InlineData("9223372036854775808 1", "VARCHAR", "9223372036854775808")]
    [InlineData("true FALSE", "BOOLEAN", "true")]
    [InlineData("t f", "VARCHAR", "t")]
    [InlineData("NA 1", "VARCHAR", "NA")]
    [InlineData("null 1", "VARCHAR", "null")]
    public Task Convert_Csv_HasTheTypeThatKeepsWhatIsWritten(string values, string type, string first) =>
        Check("csv", ["n,v", .. Enumerable.Range(0, 300).Select(i => $"{i},{values.Split(' ')[i % 2]}")], type, first);

    [Theory]
    [InlineData("\"2024-01-31\" \"2024-02-01\"", "DATE", "2024-01-31")]
    [InlineData("\"31-01-2024\" \"01-02-2024\"", "VARCHAR", "31-01-2024")]
    [InlineData("\"2024-01-31T10:00:00Z\" \"2024-02-01T10:00:00Z\"", "TIMESTAMP", "2024-01-31T10:00:00")]
    [InlineData("\"2024-01-31T10:00:00.5+02:00\" \"2024-01-31T10:00:00.5+02:00\"", "TIMESTAMP WITH TIME ZONE",
        "2024-01-31T08:00:00.500000Z")]
    [InlineData("[\"31-01-2024\"] []", "VARCHAR[]", "[\"31-01-2024\"]")]
    [InlineData("{\"t\":\"31-01-2024\"} null", "STRUCT(t VARCHAR)", "{\"t\":\"31-01-2024\"}")]
    [InlineData("\"00012\" \"12\"", "VARCHAR", "00012")]
    [InlineData("9223372036854775808 -1", "DECIMAL(38,0)", "9223372036854775808")]
    [InlineData("1 1.5", "DOUBLE", "1")]
    [InlineData("true null", "BOOLEAN", "true")]
    [InlineData("1 \"x\"", "JSON", "1")]
    [InlineData("[1] {\"a\":1}", "JSON", "[1]")]
    [InlineData("\"NA\" \"null\"", "VARCHAR", "NA")]
    public Task Convert_Ndjson_HasTheTypeThatKeepsWhatIsWritten(string values, string type, string first) =>
        Check("ndjson", [.. Enumerable.Range(0, 300).Select(i => $"{{\"n\":{i},\"v\":{values.Split(' ')[i % 2]}}}")], type,
            first);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Convert_NdjsonWithBlankLines_HasEachRowOnce(int partitions)
    {
        var result = await Convert(
            "blank.ndjson", [.. Enumerable.Range(0, 300).Select(i => $"{{\"n\":{i}}}\r\n\n\r")], partitions, BadRowPolicy.Fail);

        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"[{i}]"), EngineHarness.Rows(result));
    }

    [Theory]
    [InlineData(1, "{\"n\":300,\"v\":\"x", ". The line is not valid JSON")]
    [InlineData(7, "{\"n\":300,\"v\":\"x", ". The line is not valid JSON")]
    [InlineData(1, "{\"n\":300,\"v\":\"x\",\"v\":\"y\"}", ", column 'v'. The object has the key twice.")]
    [InlineData(7, "{\"n\":300,\"v\":\"x\",\"v\":\"y\"}", ", column 'v'. The object has the key twice.")]
    public async Task Convert_NdjsonWhoseLastLineIsBad_IsNamedOrSetAside(int partitions, string last, string reason)
    {
        string[] lines = [.. Enumerable.Range(0, 300).Select(i => $"{{\"n\":{i},\"v\":\"x\"}}"), last];

        var failure = await Assert.ThrowsAsync<ClusterException>(() =>
            Convert("last.ndjson", lines, partitions, BadRowPolicy.Fail));
        var result = await Convert("last.ndjson", lines, partitions, BadRowPolicy.Quarantine);

        Assert.Equal(Contracts.ProblemCode.BadRow, failure.Code);
        Assert.Contains(
            $"last.ndjson, line 301, byte {lines[..300].Sum(line => line.Length + 1)}{reason}", failure.Message,
            StringComparison.Ordinal);
        Assert.Equal((300, 1), (result.GetProperty("totalRows").GetInt32(), harness.Quarantined));
    }

    [Fact]
    public async Task Convert_MixedLines_AreOneColumnOfJson()
    {
        var result = await Convert("mixed.ndjson", ["{\"n\":1}", "[1,2]", "17"], 1, BadRowPolicy.Fail);

        Assert.Equal("JSON", result.GetProperty("columns")[0].GetProperty("type").GetString());
        Assert.Equal(3, result.GetProperty("totalRows").GetInt32());
        Assert.Equal("[1,2]", result.GetProperty("rows")[1][0].ToString());
    }

    private async Task Check(string format, string[] lines, string type, string first)
    {
        var whole = await Convert($"whole.{format}", lines, 1, BadRowPolicy.Fail);
        var cut = await Convert($"cut.{format}", lines, 7, BadRowPolicy.Fail);

        Assert.InRange(harness.LastPartitions, 5, 7);
        Assert.Equal(type, whole.GetProperty("columns")[1].GetProperty("type").GetString());
        Assert.Equal(300, whole.GetProperty("totalRows").GetInt32());
        Assert.Equal(first, whole.GetProperty("rows")[0][1].ToString(), ignoreCase: true);
        Assert.Equal(whole.ToString(), cut.ToString());
    }

    private Task<JsonElement> Convert(string name, string[] lines, int partitions, BadRowPolicy onBadRow) =>
        harness.Run(new JobSpec
    {
        Operation = OperationKind.Convert,
        Source = new SourceSpec { Path = [harness.Write(name, string.Join('\n', lines))] },
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
        OnBadRow = onBadRow,
    });
}
