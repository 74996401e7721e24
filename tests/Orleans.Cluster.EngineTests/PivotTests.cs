using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests;

/// <summary>Columns of a pivot are known only when it runs: their names, their order, their number.</summary>
public sealed class PivotTests : IDisposable
{
    private static readonly PlanLimits Tiny = new()
    {
        GatherBytes = 512, BroadcastBytes = 512, DirectBytes = 512, TargetBytes = 16 << 10,
    };

    private readonly EngineHarness harness = new() { CoalesceBytes = 0 };

    public void Dispose() => harness.Dispose();

    [Fact]
    public async Task Run_KeysThatMakeBadNames_GetNamesThatDiffer()
    {
        var result = await harness.Run(
            Spec("x,k,v\n1,a,1\n1,A,2\n1,x,3\n1,\"\"\"\",4\n2,,5\n1,\"; DROP\",6\n1,\"/* columns of the keys */\",7\n", "x",
                "k"));

        Assert.Equal(["x", "\"", "/* columns of the keys */", "; DROP", "A", "a_1", "x_1"], Names(result));
        Assert.Equal(["[1,4,7,6,2,1,3]", "[2,null,null,null,null,null,null]"], EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Run_NumbersAsKeys_StandInTheirOrder()
    {
        var result = await harness.Run(Spec("x,k,v\n1,10,1\n1,9,2\n1,-1,3\n1,9,4\n", "x", "k"));

        Assert.Equal(["x", "-1", "9", "10"], Names(result));
        Assert.Equal(["[1,3,6,1]"], EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Run_NoRows_HasTheIndexAlone()
    {
        var result = await harness.Run(Spec("x,k,v\n", "x", "k", function: "count"));

        Assert.Equal(["x"], Names(result));
        Assert.Empty(EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Run_AsIfLarge_HasTheSameRowsInOrder()
    {
        var text = new StringBuilder("x,k,v\n");
        for (var row = 0; row < 3000; row++)
        {
            text.Append(row * 7919 % 400).Append(',').Append(row * 31 % 5).Append(',').Append(row).Append('\n');
        }

        var spec = Spec(text.ToString(), "x", "k");
        var once = await harness.Run(spec with { Partitioning = new PartitioningSpec() });
        var many = await harness.Run(spec with { Partitioning = new PartitioningSpec { MinPartitions = 13 } });
        var spread = await harness.Run(await harness.Plan(spec, Tiny), spec);

        Assert.True(harness.LastPartitions > 1);
        Assert.Equal(400, once.GetProperty("totalRows").GetInt32());
        Assert.Equal(once.GetRawText(), many.GetRawText());
        Assert.Equal(once.GetRawText(), spread.GetRawText());
    }

    [Fact]
    public async Task Run_MoreKeysThanColumns_IsRefused()
    {
        var text = "x,k,v\n" + string.Concat(Enumerable.Range(0, 1001).Select(key => $"1,{key},1\n"));

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Spec(text, "x", "k")));

        Assert.Equal(Contracts.ProblemCode.QueryInvalid, refusal.Code);
        Assert.Contains("1000", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("parameters.as to LIST", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AsList_HasAPlaceForEachKeyAndTheKeysAsATable()
    {
        var result = await harness.Run(Spec("x,k,v\n1,b,1\n1,a,2\n2,b,3\n2,,4\n3,,5\n1,b,6\n", "x", "k", form: "LIST"));

        Assert.Equal(["x", "values"], Names(result));
        Assert.Equal(["[1,[2,7]]", "[2,[null,3]]", "[3,[null,null]]"], EngineHarness.Rows(result));
        Assert.Equal(["[1,\"a\"]", "[2,\"b\"]"], EngineHarness.Rows(await harness.Table("keys")));
    }

    [Fact]
    public async Task Run_AsListOfCountsWithoutAKey_HasNoPlaces()
    {
        var none = await harness.Run(Spec("x,k,v\n1,,1\n", "x", "k", function: "count", form: "LIST"));
        var some = await harness.Run(Spec("values,k,v\n1,a,1\n2,b,1\n", "values", "k", function: "count", form: "LIST"));

        Assert.Equal(["[1,[]]"], EngineHarness.Rows(none));
        Assert.Equal(["values", "values_1"], Names(some));
        Assert.Equal(["[1,[1,0]]", "[2,[0,1]]"], EngineHarness.Rows(some));
    }

    [Fact]
    public async Task Run_AsListOfManyKeysAsIfLarge_HasEachValueAtItsPlace()
    {
        var text = "x,k,v\n" + string.Concat(Enumerable.Range(0, 6000).Select(row => $"{row % 3},{row % 2000},{row}\n"));
        var spec = Spec(text, "x", "k", form: "LIST");

        var once = await harness.Run(spec);
        var spread = await harness.Run(await harness.Plan(spec, Tiny), spec);

        Assert.Equal(once.GetRawText(), spread.GetRawText());
        var rows = once.GetProperty("rows").EnumerateArray().Select(row => row[1].EnumerateArray().ToList()).ToList();
        Assert.Equal([2000, 2000, 2000], rows.Select(list => list.Count));
        Assert.All(Enumerable.Range(0, 6000), row => Assert.Equal(row, rows[row % 3][row % 2000].GetInt32()));
    }

    [Theory]
    [InlineData("x", "nothing", "v", "sum", "/parameters/key", "column-not-found")]
    [InlineData("nothing", "k", "v", "sum", "/parameters/index/0", "column-not-found")]
    [InlineData("x", "x", "v", "sum", "/parameters/key", "query-invalid")]
    [InlineData("x", "k", "s", "sum", "/parameters/value", "query-invalid")]
    public async Task Plan_WrongColumns_IsRefusedWithThePlace(
        string index, string key, string value, string function, string pointer, string code)
    {
        var refusal = await Assert.ThrowsAsync<ClusterException>(() =>
            harness.Plan(Spec("x,k,v,s\n1,a,1,b\n", index, key, value, function)));

        Assert.Equal([(pointer, code)], refusal.Problem.Errors!.Select(fault => (fault.Pointer, fault.Code)));
    }

    private JobSpec Spec(
        string text, string index, string key, string value = "v", string function = "sum", string? form = null) => new()
    {
        Operation = OperationKind.Pivot,
        Source = new SourceSpec { Path = [harness.Write("source.csv", text)], Options = new SourceOptions { Header = true } },
        Partitioning = new PartitioningSpec { MinPartitions = 3 },
        Parameters = JsonSerializer.SerializeToElement<object>(form is null
            ? new { index = new[] { index }, key, value, function }
            : new { index = new[] { index }, key, value, function, @as = form }),
    };

    private static IEnumerable<string> Names(JsonElement result) =>
        result.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString()!);
}
