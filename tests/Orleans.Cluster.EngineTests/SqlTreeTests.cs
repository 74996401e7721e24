using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.EngineTests;

/// <summary>Questions to one parser and binder have nothing to do with each other, though tables are kept between them.</summary>
public sealed class SqlTreeTests : IDisposable
{
    private readonly SqlTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Bind_OtherTablesThanBefore_AreThoseOfTheQuestion()
    {
        Assert.Equal("BIGINT", tree.Bind(Table("source", "BIGINT"), "SELECT n FROM source")[0].Type);
        Assert.Equal("DOUBLE", tree.Bind(Table("source", "DOUBLE"), "SELECT n FROM source")[0].Type);
        Assert.Equal("DATE", tree.Bind(Table("Source", "DATE"), "SELECT n FROM source")[0].Type);
        Assert.Equal("DATE", tree.Bind(Table("SOURCE", "DATE"), "SELECT n FROM source")[0].Type);

        Assert.Throws<ClusterException>(() => tree.Bind(Table("other", "DATE"), "SELECT n FROM source"));
        Assert.Throws<ClusterException>(() => tree.Bind(Table("source", "NO_TYPE"), "SELECT 1"));
        Assert.Equal("TIME", tree.Bind(Table("source", "TIME"), "SELECT n FROM source")[0].Type);
    }

    // The rows of a series are counted when it is parsed; those of an empty table that an earlier question declared are not its
    // own.
    [Fact]
    public void Parse_SeriesOverATableOfAnEarlierQuestion_IsRefusedAsBefore()
    {
        const string series = "SELECT * FROM range((SELECT max(n) FROM source))";
        var before = Assert.Throws<ClusterException>(() => tree.Parse(series));

        tree.Bind(Table("source", "BIGINT"), "SELECT n FROM source");

        Assert.Equal(before.Message, Assert.Throws<ClusterException>(() => tree.Parse(series)).Message);
    }

    private static Dictionary<string, IReadOnlyList<ColumnSchema>> Table(string name, string type) =>
        new() { [name] = [new ColumnSchema("n", type)] };
}
