using System.Net;
using System.Text.Json;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>What people look at, over the wire: partitions at once, attempts over time, a job in words, folders.</summary>
[Collection("gateway")]
public sealed class InsightTests(GatewayCluster gateway)
{
    [Fact]
    public async Task Job_ThatSucceeded_IsToldInEachForm()
    {
        var id = await gateway.SucceededAsync(Sums());

        var job = await Get($"jobs/{id}");
        Assert.Equal("aggregate", job.GetProperty("spec").GetProperty("operation").GetString());
        Assert.True(job.GetProperty("decided").GetProperty("partitions").GetInt32() >= 1);

        var stage = (await Get($"jobs/{id}/partitions/summary")).GetProperty("stages")[0];
        var letters = stage.GetProperty("states").GetString()!;
        Assert.True(letters.All(letter => letter == 'C'), letters);
        Assert.Equal(letters.Length, stage.GetProperty("rows").GetArrayLength());
        Assert.True(stage.GetProperty("rows").EnumerateArray().Sum(rows => rows.GetInt64()) > 0);

        var bars = (await Get($"jobs/{id}/timeline")).GetProperty("bars");
        Assert.All(bars.EnumerateArray(), bar => Assert.Equal("COMMITTED", bar.GetProperty("state").GetString()));

        var all = (await Get("timeline")).GetProperty("bars");
        Assert.Contains(all.EnumerateArray(), bar => bar.GetProperty("job").GetString() == id);

        var operators = (await Get($"jobs/{id}/profile")).GetProperty("stages")[0].GetProperty("operators");
        Assert.Contains(operators.EnumerateArray(), each => each.GetProperty("rows").GetProperty("out").GetInt64() > 0);
        Assert.Contains(operators.EnumerateArray(), each => each.GetProperty("seconds").GetProperty("sum").GetDouble() > 0);

        Assert.StartsWith(
            "The job succeeded after", (await Get($"jobs/{id}/story")).GetProperty("verdict").GetString(),
            StringComparison.Ordinal);

        var partition = (await Get($"jobs/{id}/partitions")).GetProperty("items")[0];
        Assert.True(partition.GetProperty("peakMemoryBytes").GetInt64() > 0
            && partition.GetProperty("rowsOut").GetInt64() > 0, partition.ToString());
    }

    [Theory]
    [InlineData("a%b_c~d\"e", "A%B_C~D\"E", 1)]
    [InlineData("axbxcd", "a%b_c", 0)]
    [InlineData("weekly totals", "WEEKLY T", 1)]
    [InlineData("weekly", "weekly\",\"operation", 0)]
    public async Task List_ByText_FindsNamesAsTheyAreWritten(string name, string text, int found)
    {
        var marker = $"n{Guid.NewGuid():N}";
        await gateway.Cluster.SubmitAsync(
            new { name = marker + name, operation = "aggregate", source = new { path = "genes.csv" } });

        var list = await Get($"jobs/list?text={Uri.EscapeDataString(marker + text)}");

        Assert.Equal(found, list.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task List_ByText_FindsIdsAndLabels()
    {
        var label = $"v{Guid.NewGuid():N}";
        var (_, job) = await gateway.SendAsync(
            HttpMethod.Post, "jobs/submit",
            new
            {
                operation = "aggregate", source = new { path = "genes.csv" },
                labels = new Dictionary<string, string> { ["run"] = label },
            });

        Assert.Equal(1, (await Get($"jobs/list?text={label[..12].ToUpperInvariant()}")).GetProperty("items").GetArrayLength());
        Assert.Equal(1, (await Get($"jobs/list?text={Id(job)[4..].ToLowerInvariant()}")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Browse_DataRoots_ShowsFilesAndNothingOfTheCluster()
    {
        var roots = (await Get("data/browse"))
            .GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()!).ToList();
        var entries = (await Get($"data/browse?path={Uri.EscapeDataString(roots[0])}"))
            .GetProperty("entries").EnumerateArray().ToList();

        Assert.Contains(entries, entry => entry.GetProperty("name").GetString() == "genes.csv"
            && entry.GetProperty("bytes").GetInt64() > 0);
        Assert.DoesNotContain(entries, entry => entry.GetProperty("name").GetString() == "state");
    }

    [Theory]
    [InlineData("../", "path-not-allowed")]
    [InlineData("/etc", "path-not-allowed")]
    [InlineData("nowhere", "dataset-not-found")]
    [InlineData("genes.csv", "dataset-not-readable")]
    public async Task Browse_WhereNothingMayBeSeen_IsRefused(string path, string code)
    {
        using var response = await gateway.Http.GetAsync($"data/browse?path={Uri.EscapeDataString(path)}");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal(
            code, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Preview_OfAFile_ShowsItsFirstRowsAndLeavesNothing()
    {
        var (status, rows) = await gateway.SendAsync(
            HttpMethod.Post, "data/preview", new { source = new { path = "genes.csv" }, limit = 3 });

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""[["g0",0],["g1",1],["g2",2]]""", rows.GetProperty("rows").ToString());
        var left = Path.Combine(gateway.Cluster.StateFolder, "scratch", "previews");
        Assert.True(!Directory.Exists(left) || Directory.GetFileSystemEntries(left).Length == 0);
    }

    // Not left out in silence: a job of the same file fails at them.
    [Fact]
    public async Task Preview_RowsThatCannotBeRead_AreCountedAndTheFirstIsPlaced()
    {
        File.WriteAllText(Path.Combine(gateway.Cluster.Folder, "ragged.csv"), "k,n\na,1\nb,2,3\nc,4\nd,x\n");

        var (_, rows) = await gateway.SendAsync(
            HttpMethod.Post, "data/preview",
            new { source = new { path = "ragged.csv", options = new { columns = new { k = "VARCHAR", n = "BIGINT" } } } });

        Assert.Equal("""[["a",1],["c",4]]""", rows.GetProperty("rows").ToString());
        var warning = Assert.Single(
            rows.GetProperty("warnings").EnumerateArray(), each => each.GetProperty("code").GetString() == "unreadable-rows");
        Assert.StartsWith(
            "2 rows of the part that was looked at cannot be read and are not shown. The first is in line 3: ",
            warning.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory, InlineData("""{"limit":0}""", "/limit"), InlineData("""{"rows":5}""", "/rows"),
        InlineData("""{"limit":1001}""", "/limit")]
    public async Task Preview_OfAWrongForm_NamesThePlace(string body, string pointer)
    {
        var (status, problem) = await gateway.SendAsync(HttpMethod.Post, "data/preview", body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(pointer, problem.GetProperty("errors")[0].GetProperty("pointer").GetString());
    }

    private async Task<JsonElement> Get(string path) => JsonDocument.Parse(await gateway.Http.GetStringAsync(path)).RootElement;
}
