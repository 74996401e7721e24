using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>What many processes answer over slices of a table, against one engine with one thread over the whole of it.</summary>
public sealed class SingleEngineTests : IAsyncLifetime
{
    private const string Query =
        "SELECT id3, sum(v1) AS v1, avg(v3) AS v3, stddev_samp(v3) AS s3, min(v2) AS low, max(v2) AS high, count(*) AS n FROM "
        + "source GROUP BY id3 ORDER BY id3";

    private readonly EmbeddedCluster cluster = new() { Workers = 4 };

    public ValueTask InitializeAsync() => cluster.InitializeAsync();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    [Trait("Category", "Long")]
    public Task GroupBy_TableInManyPartitions_EqualsOneEngineAndRepeats() =>
        Compare(rows: 400_000, targetBytes: 2 << 20, leastPartitions: 8);

    [Fact]
    [Trait("Category", "Long")]
    public Task GroupBy_HalfGigabyteInPartitionsOf100MB_EqualsOneEngineAndRepeats() =>
        Compare(rows: 10_000_000, targetBytes: 100 << 20, leastPartitions: 5);

    private async Task Compare(long rows, long targetBytes, int leastPartitions)
    {
        var csv = Path.Combine(cluster.Folder, "table.csv");
        var expected = WriteAndAsk(csv, rows);
        var job = new
        {
            operation = "sql", source = new { path = "table.csv" }, parameters = new { query = Query },
            partitioning = new { targetBytes },
        };

        var first = await cluster.WaitForEndAsync((await cluster.SubmitAsync(job)).GetProperty("id").GetString()!);
        var second = await cluster.WaitForEndAsync((await cluster.SubmitAsync(job)).GetProperty("id").GetString()!);

        Assert.True(first.GetProperty("status").GetString() == "SUCCEEDED", first.ToString());
        Assert.True(first.GetProperty("progress").GetProperty("stages")[0].GetProperty("total").GetInt32() >= leastPartitions,
            first.ToString());
        Assert.Equal(Hashes(first), Hashes(second));
        var actual = await Rows(first.GetProperty("id").GetString()!);
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (want, got) in expected.Zip(actual))
        {
            AssertSame(want, got);
        }
    }

    private static void AssertSame(object[] want, JsonElement got)
    {
        for (var column = 0; column < want.Length; column++)
        {
            if (want[column] is double number)
            {
                var value = got[column].GetDouble();
                Assert.True(Math.Abs(value - number) <= 1e-9 * Math.Abs(number), $"{got} against {number:R} in column {column}");
            }
            else
            {
                Assert.Equal(Convert.ToString(want[column], CultureInfo.InvariantCulture), got[column].ToString());
            }
        }
    }

    private async Task<List<JsonElement>> Rows(string id)
    {
        const int Page = 10_000;
        var rows = new List<JsonElement>();
        while (true)
        {
            using var stream = await cluster.Http.GetStreamAsync($"jobs/{id}/result?offset={rows.Count}&limit={Page}");
            using var page = await JsonDocument.ParseAsync(stream);
            rows.AddRange(page.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.Clone()));
            if (rows.Count >= page.RootElement.GetProperty("totalRows").GetInt64())
            {
                return rows;
            }
        }
    }

    private static string[] Hashes(JsonElement status) =>
        [.. status.GetProperty("result")
            .GetProperty("files").EnumerateArray().Select(file => file.GetProperty("sha256").GetString()!)];

    private static List<object[]> WriteAndAsk(string csv, long rows)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SET threads = 1";
        command.ExecuteNonQuery();
        command.CommandText = $"""
            COPY (SELECT 'id' || (hash(i, 3) % 1000) AS id3, (hash(i, 7) % 5 + 1)::INT AS v1, (hash(i, 8) % 15 + 1)::INT AS v2,
            round((hash(i, 9) % 100000000) / 1000000.0, 6) AS v3, repeat('x', 32) AS pad FROM range({rows}) r(i)) TO '{csv}' (FORMAT csv, HEADER true)
            """;
        command.ExecuteNonQuery();
        command.CommandText = Query.Replace("source", $"'{csv}'", StringComparison.Ordinal);
        using var reader = command.ExecuteReader();
        var answer = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            answer.Add(row);
        }

        return answer;
    }
}
