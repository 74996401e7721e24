using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// A job of two stages, the first of 40 partitions, whose result is known: sums by hand over rows that this class writes. What it
/// checks of an end is what no fault may change.
/// </summary>
internal sealed class FaultJob
{
    public const string Table = "faults.csv";
    private const int Rows = 240_000;
    private const int Partitions = 40;
    private readonly EmbeddedCluster cluster;
    private readonly S3Bucket? bucket;
    private readonly Dictionary<string, long> sums = [];
    private readonly Dictionary<string, (long Revision, double Fraction)> shown = [];
    private readonly long targetBytes;
    private string[]? hashes;

    /// <param name="cluster">Where it runs.</param>
    /// <param name="bucket">Where its table and its outputs are; null for the cluster's folder.</param>
    public FaultJob(EmbeddedCluster cluster, S3Bucket? bucket = null)
    {
        (this.cluster, this.bucket) = (cluster, bucket);
        var path = Path.Combine(cluster.Folder, Table);
        using (var file = new StreamWriter(path))
        {
            file.WriteLine("gene,sample,count");
            for (var i = 0; i < Rows; i++)
            {
                var (gene, count) = ($"G{i * 7919L % 97}", i * 31L % 1009);
                file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{gene},S{i % 13},{count}"));
                sums[gene] = sums.GetValueOrDefault(gene) + count;
            }
        }

        targetBytes = (new FileInfo(path).Length / Partitions) + 1;
    }

    /// <summary>Runs it once with nobody disturbing it. How long it took is the time in which faults are worth while.</summary>
    public async Task<TimeSpan> MeasureAsync()
    {
        if (bucket is not null)
        {
            await bucket.PutFileAsync(Path.Combine(cluster.Folder, Table), $"open/{Table}");
        }

        await CheckAsync(await SubmitAsync(outputPath: null), outputPath: null); // Processes are warm after the first.
        var clock = Stopwatch.StartNew();
        var id = await SubmitAsync(outputPath: null);
        await cluster.WaitForEndAsync(id);
        return clock.Elapsed;
    }

    /// <summary>Submits it. With an output path, the result goes there as CSV and the path must be new.</summary>
    public async Task<string> SubmitAsync(string? outputPath, object? callback = null)
    {
        var status = await cluster.SubmitAsync(new
        {
            operation = "aggregate",
            source = new { path = Place(Table) },
            parameters = new
            {
                groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "count", @as = "total" } },
            },
            partitioning = new { targetBytes },
            callback,
            output = outputPath is null ? null : new { path = Place(outputPath), format = "CSV", mode = "ERROR_IF_EXISTS" },
        });
        return status.GetProperty("id").GetString()!;
    }

    /// <summary>Waits for the end and checks it: state, rows, bytes, attempts.</summary>
    public async Task<IReadOnlyList<Partition>> CheckAsync(string id, string? outputPath)
    {
        await CheckResultAsync(id, outputPath);
        var partitions = await ListPartitionsAsync(id);
        Assert.Equal(Partitions, partitions.Count(partition => partition.Stage == 0));
        Assert.All(partitions, CheckAttempts);
        return partitions;
    }

    /// <summary>Waits for the end and checks state, rows and bytes, however the attempts went.</summary>
    public async Task CheckResultAsync(string id, string? outputPath)
    {
        var end = await cluster.WaitAsync(id, (phase, status) =>
        {
            Note(id, status);
            return phase is "SUCCEEDED" or "FAILED" or "CANCELLED";
        });
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        if (outputPath is null)
        {
            CheckHashes(end);
            Assert.Equal(sums, await ReadResult(id));
        }
        else
        {
            Assert.Equal(sums, bucket is null
                ? await ReadOutput(
                    Directory.EnumerateFiles(Path.Combine(cluster.Folder, outputPath), "*", SearchOption.AllDirectories)
                        .Select(file => Path.GetRelativePath(Path.Combine(cluster.Folder, outputPath), file)),
                    file => File.ReadAllTextAsync(Path.Combine(cluster.Folder, outputPath, file)))
                : await ReadOutput(
                    (await bucket.KeysAsync($"open/{outputPath}/")).Select(key => key[$"open/{outputPath}/".Length..]),
                    async file => Encoding.UTF8.GetString(await bucket.ReadAsync($"open/{outputPath}/{file}"))));
        }
    }

    /// <summary>Looks at the job: what is shown now is the least that may be shown later, whoever answers then.</summary>
    public async Task NoteAsync(string id)
    {
        if (await cluster.TryStatusAsync(id) is { } status)
        {
            Note(id, status);
        }
    }

    public Task<IReadOnlyList<Partition>> ListPartitionsAsync(string id) => ListPartitionsAsync(cluster, id);

    /// <summary>Partitions of any job, with their attempts.</summary>
    public static async Task<IReadOnlyList<Partition>> ListPartitionsAsync(EmbeddedCluster cluster, string id)
    {
        var page = await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500");
        return [.. page.GetProperty("items").EnumerateArray().Select(item => new Partition(
            item.GetProperty("stage").GetInt32(),
            item.GetProperty("partition").GetInt32(),
            item.GetProperty("state").GetString()!,
            [.. item.GetProperty("attempts").EnumerateArray().Select(attempt => new Attempt(
                attempt.GetProperty("number").GetInt32(),
                attempt.GetProperty("worker").GetString()!,
                attempt.GetProperty("state").GetString()!,
                attempt.GetProperty("startedAt").GetDateTimeOffset(),
                attempt.GetProperty("endedAt") is { ValueKind: JsonValueKind.String } ended
                ? ended.GetDateTimeOffset()
                : null))]))];
    }

    private void Note(string id, JsonElement status)
    {
        var now = (Revision: status.GetProperty("revision").GetInt64(),
            Fraction: status.GetProperty("progress").GetProperty("fraction").GetDouble());
        var before = shown.GetValueOrDefault(id);
        Assert.True(now.Revision >= before.Revision
            && now.Fraction >= before.Fraction, $"Job {id} showed {before}, and then {now}.");
        shown[id] = now;
    }

    /// <summary>One attempt has committed, and none has begun after it.</summary>
    public static void CheckAttempts(Partition partition)
    {
        var committed = Assert.Single(partition.Attempts, attempt => attempt.State == "COMMITTED");
        Assert.Equal("COMMITTED", partition.State);
        Assert.True(partition.Attempts.All(attempt => attempt.StartedAt <= committed.EndedAt && attempt.EndedAt is not null),
            partition.ToString());
        Assert.Equal(partition.Attempts.Max(attempt => attempt.Number), committed.Number);
    }

    // The same bytes in every run, whatever happened meanwhile.
    private void CheckHashes(JsonElement end)
    {
        string[] seen = [.. end.GetProperty("result")
            .GetProperty("files").EnumerateArray().Select(file => file.GetProperty("sha256").GetString()!)];
        Assert.Equal(hashes ??= seen, seen);
    }

    private async Task<Dictionary<string, long>> ReadResult(string id)
    {
        var result = await cluster.ResultAsync(id);
        return result.GetProperty("rows").EnumerateArray()
            .ToDictionary(row => row[0].GetString()!, row => long.Parse(row[1].ToString(), CultureInfo.InvariantCulture));
    }

    private string Place(string path) => bucket is null ? path : $"s3://{S3Server.Bucket}/open/{path}";

    // What the manifest names is all that there is.
    private static async Task<Dictionary<string, long>> ReadOutput(IEnumerable<string> present, Func<string, Task<string>> read)
    {
        var names = present.ToLookup(file => file.StartsWith("_manifest-", StringComparison.Ordinal));
        var manifest = JsonDocument.Parse(await read(Assert.Single(names[true])));
        string[] named =
            [.. manifest.RootElement.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("path").GetString()!)];
        Assert.Equal(named.Order(StringComparer.Ordinal), names[false].Order(StringComparer.Ordinal));
        var rows = new Dictionary<string, long>();
        foreach (var file in named)
        {
            foreach (var line in (await read(file)).TrimEnd('\n').Split('\n').Skip(1))
            {
                rows.Add(line.Split(',')[0], long.Parse(line.Split(',')[1], CultureInfo.InvariantCulture));
            }
        }

        return rows;
    }

    internal sealed record Partition(int Stage, int Number, string State, IReadOnlyList<Attempt> Attempts)
    {
        public override string ToString() => $"Partition {Stage}/{Number} {State}: {string.Join("; ", Attempts)}";
    }

    internal sealed record Attempt(int Number, string Worker, string State, DateTimeOffset StartedAt, DateTimeOffset? EndedAt);
}
