using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.EngineTests;

public sealed class SqlPlaceTests
{
    [Theory]
    [InlineData("SELEC * FROM x", "syntax error at or near \"SELEC\". Did you mean SELECT?\n\nLINE 1: SELEC * FROM x\n        ^")]
    [InlineData("SELECT 'é',\n  b FRM x WHERE", "syntax error at or near \"x\"\n\nLINE 2:   b FRM x WHERE\n                ^")]
    [InlineData("SELECT (1", "syntax error at end of input\n\nLINE 1: SELECT (1\n                 ^")]
    public void Parse_QueryThatIsNone_ShowsLineAndPlace(string sql, string expected)
    {
        using var tree = new SqlTree();

        var refusal = Assert.Throws<ClusterException>(() => tree.Parse(sql));

        Assert.Equal(expected, refusal.Message);
    }

    [Fact]
    public void Mark_LongLine_ShowsWhatIsAroundThePlace()
    {
        var sql = $"SELECT {new string('a', 500)} FRM x {new string('b', 500)}";

        var lines = SqlPlace.Mark("wrong", sql, "508").Split('\n');

        Assert.Equal("LINE 1: ...", lines[2][..11]);
        Assert.InRange(lines[2].Length, 100, 175);
        Assert.Equal('F', lines[2][lines[3].IndexOf('^', StringComparison.Ordinal)]);
    }
}
