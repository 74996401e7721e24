using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.UnitTests.Cli;

public sealed class FileFaultsTests
{
    [Theory]
    [InlineData("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3: A comma or a closing bracket is missing before \".")]
    [InlineData("{\"größe\": x}", "line 1, column 11: A value must begin here, and x begins none.")]
    [InlineData("{\"a\": [1]", "line 1, column 10: It ends before an object, a list or a text is closed.")]
    [InlineData("{\"a\" 1}", "line 1, column 6: A colon is missing before 1.")]
    [InlineData("{a: 1}", "line 1, column 2: A name in quotes must begin here, not a.")]
    public void OfJson_BadText_SaysWhereAsEditorsCount(string text, string expected) =>
        Assert.Equal($"job.json is not JSON: {expected}", FileFaults.OfJson(Fault(text), "job.json", text));

    [Fact]
    public void OfJson_EmptyText_IsSaid() =>
        Assert.Equal("job.json is not JSON: it is empty.", FileFaults.OfJson(Fault("\n"), "job.json", "\n"));

    [Fact]
    public void Of_FileOrFolderThatIsNotThere_NamesIt()
    {
        Assert.Equal("There is no file '/nonexistent.json'.", FileFaults.Of(Fault(() => File.ReadAllText("/nonexistent.json"))));
        Assert.Equal(
            "There is no folder '/nonexistent' for 'x.csv'.", FileFaults.Of(Fault(() => File.Create("/nonexistent/x.csv"))));
    }

    [Fact]
    public void Of_FolderInPlaceOfAFile_IsSaid()
    {
        var folder = Path.GetTempPath();

        Assert.Equal($"'{folder}' is a folder. Name a file.", FileFaults.Of(Fault(() => File.ReadAllText(folder)), folder));
    }

    private static JsonException Fault(string text) => Assert.ThrowsAny<JsonException>(() => JsonNode.Parse(text));

    private static Exception Fault(Action action) => Record.Exception(action)!;
}
