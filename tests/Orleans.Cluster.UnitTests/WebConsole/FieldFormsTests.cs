using System.Text.Json.Nodes;
using Orleans.Cluster.WebConsole.Format;

namespace Orleans.Cluster.UnitTests.WebConsole;

public sealed class FieldFormsTests
{
    [Theory]
    [InlineData(FieldKind.Columns, "gene, tissue", """["gene","tissue"]""")]
    [InlineData(FieldKind.Order, "total desc, gene", """[{"column":"total","descending":true},{"column":"gene"}]""")]
    [InlineData(FieldKind.Aggregates, "sum(count) as total\ncount(distinct gene) as genes",
        """[{"function":"sum","column":"count","as":"total"},{"function":"count","column":"gene","distinct":true,"as":"genes"}]""")]
    [InlineData(FieldKind.Number, "0.25", "0.25")]
    [InlineData(FieldKind.Flag, "true", "true")]
    [InlineData(FieldKind.YesOrNo, "no", "false")]
    [InlineData(FieldKind.Delimiter, ";", "\";\"")]
    [InlineData(FieldKind.Delimiter, "tab", "\"\\t\"")]
    [InlineData(FieldKind.Delimiter, "space", "\" \"")]
    public void Read_ThenWrite_GivesTheSameText(FieldKind kind, string text, string json)
    {
        var read = FieldForms.Read(kind, text);

        Assert.Equal(json, read!.ToJsonString());
        Assert.Equal(text, FieldForms.Write(kind, read));
    }

    [Fact]
    public void Read_AggregateWithoutParentheses_SaysTheForm() =>
        Assert.Equal(
            "Write one aggregate a line, such as: sum(count) as total",
            Assert.Throws<FormatException>(() => FieldForms.Read(FieldKind.Aggregates, "total of count")).Message);

    [Fact]
    public void Set_DeepPointer_MakesWhatLeadsToItAndRemovesItAgain()
    {
        var job = new JsonObject { ["operation"] = "filter" };

        JsonPointers.Set(job, "/source/options/header", true);
        Assert.Equal("""{"operation":"filter","source":{"options":{"header":true}}}""", job.ToJsonString());

        JsonPointers.Set(job, "/source/options/header", null);
        Assert.Equal("""{"operation":"filter"}""", job.ToJsonString());
    }
}
