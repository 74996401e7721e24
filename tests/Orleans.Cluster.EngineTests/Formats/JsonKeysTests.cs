using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Records of JSON with very many keys, and with none.</summary>
public sealed class JsonKeysTests : IDisposable
{
    private const int Records = 500;

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    // The engine by itself takes them for maps, and refuses them in words of its own.
    [Theory]
    [InlineData("a.ndjson", "1")]
    [InlineData("a.ndjson", "\"2026-01-31\"")]
    [InlineData("a.json", "{\"x\":1}")]
    public async Task Convert_EachRecordHasAKeyOfItsOwn_HasAColumnForEach(string name, string value)
    {
        var path = harness.Write(
            name, string.Concat(Enumerable.Range(0, Records).Select(n => $"{{\"key{n}\":{value}}}\n")));

        var result = await harness.Run(Job(path));

        Assert.Equal(Records, result.GetProperty("columns").GetArrayLength());
        Assert.Equal(Records, result.GetProperty("totalRows").GetInt32());
    }

    [Theory]
    [InlineData("a.ndjson", "{}\n{}\n")]
    [InlineData("a.json", "[{},{}]")]
    public async Task Convert_RecordsWithoutKeys_AreRefusedByTheirFile(string name, string text)
    {
        var path = harness.Write(name, text);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path)));

        Assert.Equal(
            $"{path}: the records that were looked at have no keys, so there is no column to read. Name the columns in "
            + "options.columns, or leave such files out.", refused.Message);
    }

    private static JobSpec Job(string path) =>
        new() { Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path] } };
}
