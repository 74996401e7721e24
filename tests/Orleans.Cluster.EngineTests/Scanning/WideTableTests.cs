using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Scanning;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>Tables of thousands of columns: a query pays for those that it names.</summary>
public sealed class WideTableTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Fact]
    public void SelectSql_OneOfManyColumns_NamesNoOther()
    {
        ColumnSchema[] columns = [new("a", "BIGINT"), new("b", "BIGINT"), new("c", "VARCHAR")];
        var scan = new ScanInput
        {
            Format = SourceFormat.Csv, Columns = columns,
            Dialect = new TextDialect { Delimiter = ",", Quote = "\"", Escape = "\"", Header = true },
            Slices = [new FileSlice { File = new SourceFile { Stamp = new FileStamp("x.csv", 0, default) } }],
        };
        var table = new TextTable("t", scan, scan.Slices, setsAside: false, static (_, _) => { });

        var sql = table.SelectSql([columns[1]]);

        Assert.Equal("SELECT \"b\" AS \"b\" FROM (SELECT c1 AS \"b\" FROM t())", sql);
    }

    [Fact]
    public async Task Run_SumOfOneColumnOfMany_IsThere() =>
        Assert.Equal(["[234]"], EngineHarness.Rows(await harness.Run(Query(Table(20_000), "SELECT sum(c77) AS s FROM source"))));

    // All columns of a table cost the engine some tens of kilobytes each, whatever its rows.
    [Fact]
    public async Task Run_AllOfARow_IsThere()
    {
        var row = await harness.Run(Query(Table(2_000), "SELECT * FROM source WHERE c5 > 6"));

        Assert.Equal(Enumerable.Range(2, 2_000), row.GetProperty("rows")[0].EnumerateArray().Select(value => value.GetInt32()));
    }

    // The text of a result's rows is made of some columns at a time.
    [Fact]
    public async Task Run_RowsOfManyTexts_AreThere()
    {
        var texts = string.Join(',', Enumerable.Range(0, 4_000).Select(i => $"t{i}"));
        var path = harness.Write("texts.csv", $"{texts.Replace("t", "c", StringComparison.Ordinal)}\n{texts}\n{texts}\n");

        var rows = (await harness.Run(Query(path, "SELECT * FROM source"))).GetProperty("rows");

        Assert.Equal([4_000, 4_000], rows.EnumerateArray().Select(row => row.GetArrayLength()));
        Assert.All(rows.EnumerateArray(), row => Assert.Equal(texts, string.Join(',', row.EnumerateArray())));
    }

    // A vector of each column has room for 2,048 values: 200 MB in each of three steps, in a task of 512; and a file's page for
    // the dictionary of each would be 6 GB.
    [Theory]
    [InlineData("SELECT * FROM source", 300)]
    [InlineData("SELECT * FROM source WHERE c5 <> 't7'", 299)]
    public async Task Run_RowsOfManyTexts_AreWrittenInLittleMemory(string query, int rows)
    {
        using var small = new EngineHarness { MemoryBytes = 512 << 20 };
        var names = string.Join(',', Enumerable.Range(0, 6_000).Select(i => $"c{i}"));
        var lines = Enumerable.Range(0, 300).Select(row => string.Join(',', Enumerable.Repeat($"t{row}", 6_000)));
        var path = small.Write("texts.csv", string.Join('\n', lines.Prepend(names)));

        var result = (await small.Run(Query(path, query))).GetProperty("rows");

        Assert.Equal(rows, result.GetArrayLength());
        Assert.All(result[rows - 1].EnumerateArray(), value => Assert.Equal("t299", value.GetString()));
    }

    private string Table(int columns)
    {
        var lines = Enumerable.Range(0, 3).Select(j => string.Join(',', Enumerable.Range(0, columns).Select(i => i + j)));
        return harness.Write(
            "wide.csv", string.Join('\n', lines.Prepend(string.Join(',', Enumerable.Range(0, columns).Select(i => $"c{i}")))));
    }

    private static JobSpec Query(string path, string query) => new()
    {
        Operation = OperationKind.Sql, Source = new SourceSpec { Path = [path] },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };
}
