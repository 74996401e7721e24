using System.Text;
using Orleans.Cluster.Gateway.Forms;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>Files that a query names in place of a table.</summary>
public sealed class QueryFilesTests
{
    [Theory]
    [InlineData("SELECT * FROM 'a/*.csv'", "a/*.csv")]
    [InlineData("select * from 'a.csv' as a join 'b.csv' as b using (k)", "a.csv b.csv")]
    [InlineData("SELECT * FROM 'a.csv', 'b.csv'", "a.csv b.csv")]
    [InlineData("SELECT * FROM (SELECT k FROM 'it''s.csv' -- FROM 'no.csv'\n) JOIN 'A.csv' ON true /* FROM 'no.csv' */ JOIN "
        + "'a.csv' ON true", "it's.csv A.csv")]
    [InlineData("SELECT trim(BOTH 'x' FROM 'abc'), EXTRACT(year FROM '2020-01-01'::date), 'a' IS DISTINCT FROM 'b', \"FROM\" "
        + "FROM t WHERE g IN ('a', 'b')", "")]
    public void Find_TextsInPlaceOfTables_AreFiles(string query, string files) =>
        Assert.Equal(files, string.Join(' ', QueryFiles.Find(query)));

    [Fact]
    public void ReadJob_QueryOverFiles_HasThemAsSourcesBesideItsOwn()
    {
        var spec = JobSpecReader.ReadJob(Encoding.UTF8.GetBytes(
            """{"operation":"sql","source":{"path":"own.csv"},"parameters":{"query":"SELECT * FROM source JOIN 'b.csv' AS b USING (k)"}}"""));

        Assert.Null(spec.Source);
        Assert.Equal(["source own.csv", "b.csv b.csv"], spec.Sources!.Select(source => $"{source.Key} {source.Value.Path[0]}"));
    }
}
