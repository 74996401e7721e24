using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// A join of two tables, on S3 or in the cluster's folder, each too large to go whole to every task, so that the rows of both
/// pass an exchange. Its result is known: it is computed by hand from the rows that this class writes.
/// </summary>
internal sealed class ShuffleJoin(EmbeddedCluster cluster, S3Bucket? bucket)
{
    private const int Rows = 520_000;
    private const int Groups = 97;
    private const int Partitions = 10;

    /// <summary>By group: number of rows, and the sum of the products.</summary>
    private readonly SortedDictionary<string, (long Rows, long Sum)> expected = new(StringComparer.Ordinal);

    /// <summary>Writes the tables. Half of the left rows find none on the right.</summary>
    public async Task WriteTablesAsync()
    {
        var (left, right) = (new StringBuilder("k,v\n"), new StringBuilder("k,g,w\n"));
        for (var row = 0L; row < Rows; row++)
        {
            var (key, value) = (row * 7 % (2 * Rows), row * 31 % 1009);
            left.Append(CultureInfo.InvariantCulture, $"a-key-that-is-long-{key:d48},{value}\n");
            right.Append(CultureInfo.InvariantCulture, $"a-key-that-is-long-{row:d48},{GroupOf(row)},{WeightOf(row)}\n");
            if (key < Rows)
            {
                var seen = expected.GetValueOrDefault(GroupOf(key));
                expected[GroupOf(key)] = (seen.Rows + 1, seen.Sum + (value * WeightOf(key)));
            }
        }

        await WriteAsync("left", left.ToString());
        await WriteAsync("right", right.ToString());
    }

    /// <summary>Submits it.</summary>
    public async Task<string> SubmitAsync()
    {
        var status = await cluster.SubmitAsync(new
        {
            operation = "sql",
            sources = new
            {
                l = new { path = Place("left") }, r = new { path = Place("right") },
            },
            parameters = new
            {
                query = "SELECT r.g AS g, count(*) AS n, sum(l.v * r.w) AS total FROM l JOIN r ON l.k = r.k "
                    + "GROUP BY r.g ORDER BY g",
            },
            partitioning = new { minPartitions = Partitions },
        });
        return status.GetProperty("id").GetString()!;
    }

    /// <summary>Waits until so many partitions are committed.</summary>
    public Task WaitForCommitsAsync(string id, int atLeast) => cluster.WaitAsync(
        id, (_, status) => status.GetProperty("progress").GetProperty("partitions") is { ValueKind: JsonValueKind.Object } all
            && all.GetProperty("completed").GetInt32() >= atLeast);

    /// <summary>
    /// Waits for the end, and checks that it is right and that each partition was committed once: twice at most, where what it
    /// had written was harmed.
    /// </summary>
    /// <returns>The partitions with their attempts.</returns>
    public async Task<IReadOnlyList<FaultJob.Partition>> CheckAsync(string id, (int Stage, int Number)? harmed = null)
    {
        var end = await cluster.WaitForEndAsync(id, 300);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", $"{end}\n{cluster.Log}");
        var rows = (await cluster.ResultAsync(id)).GetProperty("rows").EnumerateArray().Select(row => (
            row[0].GetString()!, long.Parse(row[1].ToString(), CultureInfo.InvariantCulture),
            long.Parse(row[2].ToString(), CultureInfo.InvariantCulture)));
        Assert.Equal(expected.Select(pair => (pair.Key, pair.Value.Rows, pair.Value.Sum)), rows);
        var plan = await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/plan");
        Assert.Equal(
            2, plan.GetProperty("stages").EnumerateArray().Count(stage => stage.GetProperty("output").GetString() == "EXCHANGE"));
        var partitions = await FaultJob.ListPartitionsAsync(cluster, id);
        Assert.All(partitions.Where(partition => (partition.Stage, partition.Number) != harmed), FaultJob.CheckAttempts);
        Assert.All(
            partitions, partition => Assert.InRange(partition.Attempts.Count(attempt => attempt.State == "COMMITTED"), 1, 2));
        return partitions;
    }

    private string Place(string table) =>
        bucket is null ? $"join-{table}.csv" : $"s3://{S3Server.Bucket}/open/join/{table}.csv";

    private Task WriteAsync(string table, string text) => bucket is null
        ? File.WriteAllTextAsync(Path.Combine(cluster.Folder, Place(table)), text)
        : bucket.PutTextAsync($"open/join/{table}.csv", text);

    private static string GroupOf(long row) => string.Create(CultureInfo.InvariantCulture, $"G{row * 13 % Groups}");

    private static long WeightOf(long row) => row % 13;
}
