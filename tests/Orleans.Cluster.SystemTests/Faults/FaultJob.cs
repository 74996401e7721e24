using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
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
    private readonly Dictionary<string, long> sums = [];
    private readonly Dictionary<string, (long Revision, double Fraction)> shown = [];
    private readonly long targetBytes;
    private string[]? hashes;

    public FaultJob(EmbeddedCluster cluster)
    {
        this.cluster = cluster;
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
            source = new { path = Table },
            parameters = new
            {
                groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "count", @as = "total" } },
            },
            partitioning = new { targetBytes },
            callback,
            output = outputPath is null ? null : new { path = outputPath, format = "CSV", mode = "ERROR_IF_EXISTS" },
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
            Assert.Equal(sums, ReadOutput(Path.Combine(cluster.Folder, outputPath)));
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

    public async Task<IReadOnlyList<Partition>> ListPartitionsAsync(string id)
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

    // One attempt commits, and none begins after it.
    private static void CheckAttempts(Partition partition)
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

    // What the manifest names is all that there is.
    private static Dictionary<string, long> ReadOutput(string folder)
    {
        var manifest = JsonDocument.Parse(File.ReadAllText(Assert.Single(Directory.GetFiles(folder, "_manifest-*.json"))));
        string[] named =
            [.. manifest.RootElement.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("path").GetString()!)];
        var present = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file));
        Assert.Equal(
            named.Order(StringComparer.Ordinal),
            present.Where(file => !file.StartsWith("_manifest-", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        return named.SelectMany(file => File.ReadLines(Path.Combine(folder, file)).Skip(1)).Select(line => line.Split(','))
            .ToDictionary(fields => fields[0], fields => long.Parse(fields[1], CultureInfo.InvariantCulture));
    }

    internal sealed record Partition(int Stage, int Number, string State, IReadOnlyList<Attempt> Attempts)
    {
        public override string ToString() => $"Partition {Stage}/{Number} {State}: {string.Join("; ", Attempts)}";
    }

    internal sealed record Attempt(int Number, string Worker, string State, DateTimeOffset StartedAt, DateTimeOffset? EndedAt);
}
