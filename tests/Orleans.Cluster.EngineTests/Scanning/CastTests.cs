using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>
/// Columns of types that the engine casts from text: a value that it refuses is a located bad row, as those are that are read
/// here.
/// </summary>
public sealed class CastTests : IDisposable
{
    private const string Text = "n;v\n1;[1, 2]\n2;[x]\n\n3\n4;7\n5;\n";

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Fact]
    public async Task Query_ValueThatIsNoList_IsNamed()
    {
        var path = harness.Write("lists.csv", Text.Replace("3\n", "", StringComparison.Ordinal));

        var refused = await Assert.ThrowsAsync<ClusterException>(() =>
            harness.Run(Job(path, "SELECT * FROM source", BadRowPolicy.Fail)));

        Assert.Contains(
            $"{path}, line 3, byte 13, column 'v': value '[x]' is not a valid INTEGER[].", refused.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT n, v FROM source", 3)]
    [InlineData("SELECT n FROM source", 3)]
    [InlineData("SELECT a.n FROM source AS a JOIN source AS b USING (n)", 3)]
    public async Task Query_WhereBadRowsAreSetAside_LeavesOutTheSameWhateverItUses(string query, int ofAllScans)
    {
        var result = await harness.Run(Job(harness.Write("lists.csv", Text), query, BadRowPolicy.Quarantine));

        Assert.Equal(["1", "5"], EngineHarness.Rows(result).Select(row => row[1..2]).Order());
        Assert.Equal(ofAllScans, harness.Quarantined);
    }

    private static JobSpec Job(string path, string query, BadRowPolicy onBadRow) => new()
    {
        Operation = OperationKind.Sql,
        Parameters = JsonSerializer.SerializeToElement(new { query }),
        Source = new SourceSpec
        {
            Path = [path],
            Options = new SourceOptions
            {
                Delimiter = ";", Header = true,
                Columns = new Dictionary<string, string> { ["n"] = "BIGINT", ["v"] = "INTEGER[]" },
            },
        },
        OnBadRow = onBadRow,
    };
}
