using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>Whole jobs over JSON that is scanned where it is.</summary>
public sealed class JsonScanTests : IDisposable
{
    // So little that staged text would be a file on disk, which counts.
    private readonly EngineHarness harness = new() { MemoryBytes = 1 << 18 };

    public void Dispose() => harness.Dispose();

    [Fact]
    public async Task Run_RegularRecords_StageNothing()
    {
        var path = Write(n => $"{{\"n\":{n},\"s\":\"text {n}\",\"o\":{{\"k\":[{n}]}}}}");

        var result = await harness.Run(Sql(path, "SELECT sum(n) AS n, count(s) AS s, sum(o.k[1]) AS k FROM source"));

        Assert.Equal("[199990000,20000,199990000]", result.GetProperty("rows")[0].GetRawText());
        Assert.Equal(0, harness.Committed[0][0].Manifest!.Cost.StagedBytes);
        Assert.Equal(20_000, harness.Committed[0][0].Manifest!.RowsIn);
    }

    [Fact]
    public async Task Run_OddRecord_IsReadByTheEnginesReaderWithAllOthers()
    {
        var path = Write(n => n == 15_000 ? $"{{\"\\u006e\":{n}}}" : $"{{\"n\":{n}}}");

        var result = await harness.Run(Sql(path, "SELECT sum(n) AS n FROM source"));

        Assert.Equal("[199990000]", result.GetProperty("rows")[0].GetRawText());
        Assert.True(harness.Committed[0][0].Manifest!.Cost.StagedBytes > 0);
    }

    [Fact]
    public async Task Run_QueryThatStopsEarly_StillFindsTheWrongRecord()
    {
        var path = Write(n => n == 15_000 ? "{\"n\":1,\"n\":2}" : $"{{\"n\":{n}}}");

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Sql(path, "SELECT n FROM source LIMIT 3")));

        Assert.Contains("line 15001, byte", refused.Message, StringComparison.Ordinal);
    }

    private string Write(Func<int, string> record) => harness.Write(
        "scan.ndjson",
        string.Concat(Enumerable.Range(0, 20_000).Select(n => string.Create(CultureInfo.InvariantCulture, $"{record(n)}\n"))));

    private static JobSpec Sql(string path, string query) => new()
    {
        Operation = OperationKind.Sql, Source = new SourceSpec { Path = [path] },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };
}
