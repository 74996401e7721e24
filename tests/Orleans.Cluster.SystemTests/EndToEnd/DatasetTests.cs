using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>Datasets of all kinds over REST: how they are split, what is said of them, and that no row is lost.</summary>
[Collection("embedded")]
public sealed class DatasetTests(EmbeddedCluster cluster)
{
    [Fact]
    public async Task Submit_GzLargerThanAPartition_IsCutIntoPiecesThatManyTasksRead()
    {
        const int Rows = 60_000;
        await using (var gzip = new GZipStream(File.Create(Path("stream.csv.gz")), CompressionLevel.Fastest))
        {
            await gzip.WriteAsync(
                Encoding.UTF8.GetBytes(
                    string.Concat(Enumerable.Range(0, Rows).Select(i => $"{i},\"a\n{i * 7919 % 10_007}\"\n").Prepend("n,s\n"))));
        }

        var status = await Run(new
        {
            operation = "sql",
            source = new { path = "stream.csv.gz" },
            parameters = new { query = "SELECT count(*) AS c, sum(n) AS s, count(DISTINCT s) AS d FROM source" },
            partitioning = new { minPartitions = 6 },
        });

        Assert.True(status.GetProperty("status").GetString() == "SUCCEEDED", status.ToString());
        var row = (await cluster.ResultAsync(Id(status))).GetProperty("rows")[0];
        Assert.Equal($"[{Rows},{(long)Rows * (Rows - 1) / 2},10007]", row.ToString());
        var stages = status.GetProperty("progress").GetProperty("stages");
        Assert.Equal(("rechunk", 1), (stages[0].GetProperty("name").GetString(), stages[0].GetProperty("total").GetInt32()));
        Assert.InRange(stages[1].GetProperty("total").GetInt32(), 4, 12);
        await RequireRowsAddUp(status, Rows);
    }

    [Fact]
    public async Task Quarantine_BadRowsInManyPartitions_RowsReadAreRowsKeptAndSetAside()
    {
        const int Rows = 20_000;
        File.WriteAllText(
            Path("dirty.csv"),
            string.Concat(Enumerable.Range(0, Rows).Select(i => i % 1000 == 999 ? $"X{i},b\n" : $"{i},a\n").Prepend("n,s\n")));

        var status = await Run(new
        {
            operation = "convert",
            onBadRow = "QUARANTINE",
            source = new { path = "dirty.csv", options = new { columns = new { n = "BIGINT" } } },
            partitioning = new { minPartitions = 5 },
        });

        Assert.Equal(
            ("SUCCEEDED", Rows / 1000),
            (status.GetProperty("status").GetString(), status.GetProperty("quarantinedRows").GetInt32()));
        Assert.Equal(Rows - (Rows / 1000), status.GetProperty("result").GetProperty("rows").GetInt64());
    }

    [Theory]
    [InlineData("SELECT max(chrom) AS c, count(*) AS n FROM source", "[\"X\",160000]", 0)]
    [InlineData("SELECT CAST(sum(chrom) AS BIGINT) AS c, count(*) AS n FROM source", "[159999,159999]", 1)]
    public async Task Submit_ValueThatNoSampleShowed_IsPlannedAnewWithTheWiderTypeWhereTheQueryAllowsIt(
        string query, string row, int quarantined)
    {
        var name = $"late-{quarantined}.csv";
        File.WriteAllText(
            Path(name),
            string.Concat(Enumerable.Range(0, 160_000)
                .Select(i => i == 70_000 ? $"X,{i}\n" : $"1,{i:000000000000000}\n").Prepend("chrom,v\n")));

        var status = await Run(new
        {
            operation = "sql", onBadRow = "QUARANTINE", source = new { path = name }, parameters = new { query },
            partitioning = new { minPartitions = 3 },
        });

        Assert.True(status.GetProperty("status").GetString() == "SUCCEEDED", status.ToString());
        Assert.Equal(row, (await cluster.ResultAsync(Id(status))).GetProperty("rows")[0].ToString());
        Assert.Equal(quarantined, status.GetProperty("quarantinedRows").GetInt32());
        var notes = status.GetProperty("notes").EnumerateArray().Select(note => note.GetString()!).ToList();
        Assert.Equal(1 + quarantined, notes.Count);
        Assert.Contains($"{name}, line 70002, ", notes[0], StringComparison.Ordinal);
        Assert.Contains("Read now as: chrom VARCHAR", notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Partition_Preview_IsAsTheJobReadsIt()
    {
        File.WriteAllText(
            Path("preview.tsv"), "# about\nid\tname\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i}\tx#{i}\n")));

        using var response = await cluster.Http.PostAsJsonAsync(
            "data/partition", new { source = new { path = "preview.tsv" }, partitioning = new { minPartitions = 4 } });
        var preview = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("TSV", preview.GetProperty("format").GetString());
        Assert.Equal(
            "id BIGINT, name VARCHAR",
            string.Join(", ",
                preview.GetProperty("columns").EnumerateArray().Select(c => $"{c.GetProperty("name")} {c.GetProperty("type")}")));
        var partitions = preview.GetProperty("partitions").EnumerateArray().ToList();
        Assert.Equal([0, 1, 2, 3], partitions.Select(p => p.GetProperty("index").GetInt32()));
        Assert.Equal(1000, partitions.Sum(p => p.GetProperty("estimatedRows").GetInt64()));
        var slices = partitions.Select(p => p.GetProperty("files")[0]).ToList();
        Assert.All(slices.Zip(slices.Skip(1)),
            pair => Assert.Equal(pair.First.GetProperty("end").GetInt64(), pair.Second.GetProperty("start").GetInt64()));
        Assert.Equal(new FileInfo(Path("preview.tsv")).Length, slices[^1].GetProperty("end").GetInt64());
    }

    [Theory]
    [InlineData("broken.csv.gz", "dataset-not-readable")]
    [InlineData("empty.csv", "dataset-not-readable")]
    [InlineData("folder", "dataset-not-readable")]
    [InlineData("cut.parquet", "dataset-not-readable")]
    [InlineData("nowhere.csv", "dataset-not-found")]
    public async Task Submit_FileThatCannotBeRead_IsRefusedByName(string name, string code)
    {
        File.WriteAllBytes(Path("broken.csv.gz"), [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
        File.WriteAllText(Path("empty.csv"), "");
        File.WriteAllText(Path("cut.parquet"), "PAR1 and no more");
        Directory.CreateDirectory(Path("folder"));

        using var response = await cluster.Http.PostAsJsonAsync(
            "jobs/submit", new { operation = "convert", source = new { path = name } });
        var problem = response.StatusCode == HttpStatusCode.Accepted
            ? (await cluster.WaitForEndAsync(Id(await response.Content.ReadFromJsonAsync<JsonElement>()))).GetProperty("error")
            : await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Contains(name, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Submit_TenThousandLinksToOneFile_IsPlannedQueuedAndCancelled()
    {
        const int Links = 10_000;
        using (var wide = new DuckDB.NET.Data.DuckDBConnection("DataSource=:memory:"))
        {
            wide.Open();
            using var command = wide.CreateCommand();
            command.CommandText = $"COPY (SELECT i AS k, hash(i) AS h FROM range(300000) r(i)) TO '{Path("linked.parquet")}' "
                + "(FORMAT parquet, ROW_GROUP_SIZE 20480)";
            command.ExecuteNonQuery();
        }

        var bytes = new FileInfo(Path("linked.parquet")).Length;
        Directory.CreateDirectory(Path("links"));
        for (var i = 0; i < Links; i++)
        {
            File.CreateSymbolicLink(Path($"links/{i:00000}.parquet"), Path("linked.parquet"));
        }

        var job = await cluster.SubmitAsync(new
        {
            operation = "aggregate",
            source = new { path = "links/*.parquet" },
            partitioning = new { targetBytes = bytes + 1 },
            parameters = new { aggregates = new[] { new { function = "max", column = "h", @as = "h" } } },
        });
        var running = await cluster.WaitAsync(Id(job), (phase, _) => phase == "RUNNING");
        using var cancel = await cluster.Http.PostAsync($"jobs/{Id(job)}/cancel", null);
        var cancelled = await cluster.WaitForEndAsync(Id(job));

        Assert.Equal(Links, running.GetProperty("progress").GetProperty("stages")[0].GetProperty("total").GetInt32());
        Assert.Equal("CANCELLED", cancelled.GetProperty("status").GetString());
        var peak = File.ReadLines($"/proc/{cluster.GatewayId}/status")
            .First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        Assert.InRange(long.Parse(peak[6..^2], System.Globalization.CultureInfo.InvariantCulture) << 10, 1, 1L << 30);
    }

    private async Task RequireRowsAddUp(JsonElement status, long rows)
    {
        var page = await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{Id(status)}/partitions?pageSize=500");
        var chunks = page.GetProperty("items")
            .EnumerateArray().Where(partition => partition.GetProperty("stage").GetInt32() == 0);
        Assert.Equal(rows, chunks.Sum(partition => partition.GetProperty("rows").GetInt64()));
    }

    private async Task<JsonElement> Run(object job) => await cluster.WaitForEndAsync(Id(await cluster.SubmitAsync(job)));

    private string Path(string name) => System.IO.Path.Combine(cluster.Folder, name);

    private static string Id(JsonElement status) => status.GetProperty("id").GetString()!;
}
