using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;
using JoinKey = Orleans.Cluster.Planning.Queries.JoinKey;

namespace Orleans.Cluster.UnitTests.Partitioning;

public sealed class KeyFilterTests
{
    private const int Readers = 10;

    [Theory]
    [InlineData("Inner", true, true)]
    [InlineData("Left", false, true)]
    [InlineData("Semi", true, true)]
    [InlineData("Anti", false, true)]
    [InlineData("Full", false, false)]
    public void MayDrop_OfAKindOfJoin_LeavesTheSideThatIsKept(string kind, bool ofLeft, bool ofRight)
    {
        var join = Enum.Parse<JoinType>(kind);

        Assert.Equal((ofLeft, ofRight), (KeyFilter.MayDropLeft(join), KeyFilter.MayDropRight(join)));
    }

    // 100,000 rows of a table of 10 million keys against 10 million rows.
    [Theory]
    [InlineData(100_000, 10e6, 400L << 20, true)]
    [InlineData(10_000_000, 10e6, 400L << 20, false)] // all keys
    [InlineData(4_000_000, 10e6, 400L << 20, false)] // more than a quarter stays
    [InlineData(2_000_000, 10e6, 400L << 20, false)] // 16 MB of keys
    [InlineData(100_000, 10e6, 20L << 20, false)] // 20 MiB spared at most
    [InlineData(100_000, 100_000, 400L << 20, false)] // a table of so many rows, all of them
    public void Best_OfRowsThatAreNoStage_FollowsKeysAndBytesSpared(double rows, double values, long written, bool isPlanned)
    {
        var filters = KeyFilter.Of(Rows("a", rows, values), Rows("b", 10e6, 10e6), [("a", "b")], mayWrite: true);

        var best = KeyFilter.Best(new PlanLimits(), filters, written, Readers);

        Assert.Equal(isPlanned, best is not null);
        Assert.True(best is null || best.Share == rows / values);
    }

    [Fact]
    public void Best_OfKeysThatAreThere_CostsNoStage()
    {
        var stage = new KeySource(Stage(1000, 10_000), InputMode.All, "a", "BIGINT", 1000, 10_000, 8000);
        var kept = Rows("a", 1000, 10_000);
        var dropped = Rows("b", 1e6, 1e6);
        const long Written = 10L << 20;

        var unwritten = KeyFilter.Best(
            new PlanLimits(), KeyFilter.Of(kept, dropped, [("a", "b")], mayWrite: true), Written, Readers);
        var written = KeyFilter.Best(
            new PlanLimits(),
            KeyFilter.Of(kept with { KeySources = Sources("a", stage) }, dropped, [("a", "b")], mayWrite: true),
            Written, Readers);

        Assert.Null(unwritten);
        Assert.Same(stage, written!.Source);
        Assert.Equal(0.1, written.Share);
    }

    [Fact]
    public void Of_RowsThatMayNotBecomeAStage_HasWrittenKeysAlone() =>
        Assert.Empty(KeyFilter.Of(Rows("a", 10, 10_000), Rows("b", 1e6, 1e6), [("a", "b")], mayWrite: false));

    [Theory]
    [InlineData("BIGINT", "INTEGER", true)]
    [InlineData("HUGEINT", "BIGINT", true)]
    [InlineData("DOUBLE", "DOUBLE", true)]
    [InlineData("VARCHAR", "VARCHAR", true)]
    [InlineData("DECIMAL(9,2)", "DECIMAL(9,2)", true)]
    [InlineData("BIGINT", "DOUBLE", false)]
    [InlineData("DECIMAL(9,2)", "DECIMAL(9,3)", false)]
    [InlineData("DATE", "TIMESTAMP", false)]
    [InlineData("BIGINT[]", "BIGINT[]", false)]
    public void Of_ColumnsOfTypes_AreLookedUpWhereEqualMeansTheSame(string one, string other, bool isPossible)
    {
        var filters = KeyFilter.Of(Rows("a", 10, 10_000, one), Rows("b", 1e6, 1e6, other), [("a", "b")], mayWrite: true);

        Assert.Equal(isPossible, filters.Any());
    }

    // A left join keeps rows whose key the right side does not have.
    [Theory]
    [InlineData("Inner", true)]
    [InlineData("Semi", true)]
    [InlineData("Left", false)]
    [InlineData("Anti", false)]
    [InlineData("Full", false)]
    public void OfJoin_OfEqualColumns_SharesKeysWhereBothAreThere(string kind, bool isShared)
    {
        var source = new KeySource(Stage(10, 100), InputMode.All, "b", "BIGINT", 10, 100, 80);
        var right = Rows("b", 10, 100) with { KeySources = Sources("b", source) };

        var sources = KeySource.OfJoin(
            Enum.Parse<JoinType>(kind), Rows("a", 1000, 1000), right, [new JoinKey("a", "b", "a", "b", "BIGINT")]);

        Assert.Equal(isShared, sources.ContainsKey("a"));
        Assert.Same(source, sources["b"]);
    }

    [Fact]
    public void Select_AroundRows_ForgetsWhereTheKeysAre()
    {
        var rows = Rows("a", 10, 100) with
        {
            KeySources = Sources("a", new KeySource(Stage(10, 100), InputMode.All, "a", "BIGINT", 10, 100, 80)),
        };

        Assert.Empty(PlanDraft.Select(rows, "SELECT a + 1 AS a FROM t", rows.Columns).KeySources);
    }

    [Fact]
    public void Narrow_Rows_LeavesTheirShareAndTheKeys()
    {
        var source = new KeySource(Stage(10, 100), InputMode.All, "a", "BIGINT", 10, 100, 80);

        var rows = new KeyFilter(source, "b", 0.1).Narrow(Rows("b", 1000, 1000));

        Assert.Equal(100, rows.Size.Rows);
        Assert.Equal(10, rows.DistinctOf("b"));
        Assert.Same(source, rows.KeySources["b"]);
    }

    private static Dictionary<string, KeySource> Sources(string column, KeySource source) => new() { [column] = source };

    private static StageHandle Stage(double rows, double values) => new(
        0, [new ColumnSchema("a", "BIGINT")], new SizeEstimate(rows, (long)(8 * rows)), 1, true,
        new Dictionary<string, double> { ["a"] = values });

    private static Relation Rows(string column, double rows, double values, string type = "BIGINT") => new()
    {
        Source = "t",
        Columns = [new ColumnSchema(column, type)],
        Inputs = [],
        Spread = new Spread.Parts(),
        Size = new SizeEstimate(rows, (long)(40 * rows)),
        Distinct = new Dictionary<string, double> { [column] = values },
    };
}
