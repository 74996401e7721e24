using Orleans.Cluster.Contracts;
using Orleans.Cluster.Grains.Planning;
using Orleans.Cluster.Planning;

namespace Orleans.Cluster.UnitTests.Queries;

public sealed class RememberedSqlTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Dictionary<string, IReadOnlyList<ColumnSchema>> Numbers = new() { ["t"] = [new ColumnSchema("a", "BIGINT")] };
    private static readonly Dictionary<string, IReadOnlyList<ColumnSchema>> Texts = new() { ["t"] = [new ColumnSchema("a", "VARCHAR")] };

    [Fact]
    public async Task Bind_SameTextOverOtherTables_IsAskedAgain()
    {
        var engine = new CountingEngine();
        var remembered = new RememberedSql(engine);

        await remembered.Bind(Numbers, "SELECT a FROM t", None);
        await remembered.Bind(Numbers, "SELECT a FROM t", None);
        var other = await remembered.Bind(Texts, "SELECT a FROM t", None);

        Assert.Equal(2, engine.Calls);
        Assert.Equal("VARCHAR", other[0].Type);
    }

    [Fact]
    public async Task ParseAndRender_SameText_AreDifferentQuestions()
    {
        var engine = new CountingEngine();
        var remembered = new RememberedSql(engine);

        var answers = new[] { await remembered.Parse("x", None), await remembered.Render("x", None), await remembered.Parse("x", None) };

        Assert.Equal(["tree of x", "text of x", "tree of x"], answers);
        Assert.Equal(2, engine.Calls);
    }

    [Fact]
    public async Task Parse_Refused_IsAskedAgain()
    {
        var engine = new CountingEngine { Refuses = true };
        var remembered = new RememberedSql(engine);
        await Assert.ThrowsAsync<ClusterException>(() => remembered.Parse("x", None));
        engine.Refuses = false;

        var answer = await remembered.Parse("x", None);

        Assert.Equal("tree of x", answer);
    }

    [Fact]
    public void Add_MoreThanAllMayWeigh_DropsWhatWasUsedLongestAgo()
    {
        var values = new RecentValues<string>(maxEntries: 10, maxWeight: 10);
        values.Add("a", "a", 4);
        values.Add("b", "b", 4);
        values.Find("a");

        values.Add("c", "c", 4);

        Assert.Equal(["a", null, "c"], new[] { values.Find("a"), values.Find("b"), values.Find("c") });
    }

    private sealed class CountingEngine : ISqlEngine
    {
        public int Calls { get; private set; }

        public bool Refuses { get; set; }

        public Task<string> Parse(string sql, CancellationToken cancellationToken) => Answer($"tree of {sql}");

        public Task<string> Render(string tree, CancellationToken cancellationToken) => Answer($"text of {tree}");

        public Task<IReadOnlyList<ColumnSchema>> Bind(
            IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables, string sql, CancellationToken cancellationToken) => Answer(tables["t"]);

        private Task<T> Answer<T>(T answer)
        {
            Calls++;
            return Refuses ? throw new ClusterException(Contracts.ErrorCode.QueryInvalid, "no") : Task.FromResult(answer);
        }
    }
}
