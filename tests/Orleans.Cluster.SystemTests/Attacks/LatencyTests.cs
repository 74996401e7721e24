using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.Attacks;

/// <summary>
/// How long Ann's jobs take while Eve attacks, as a multiple of what they take at rest. Reported, not asserted: the clock of a
/// shared machine proves nothing. What is asserted is that each of Ann's jobs ends right, each of Eve's requests in an
/// answer, and that no process has more memory than is stated.
/// </summary>
[Trait("Category", "Long")]
[Collection("attacked")]
public sealed class LatencyTests(AttackedCluster attacked)
{
    private const int Jobs = 7;
    private const int Attackers = 4;

    [Fact]
    public async Task Jobs_OfAnotherCaller_UnderEachAttack_EndRight()
    {
        await PrepareAsync();
        await MeasureAsync();
        var rest = await MeasureAsync();
        Say($"at rest: {rest:0} ms");
        foreach (var (name, attack) in Attacks())
        {
            using var over = new CancellationTokenSource();
            var attackers = Enumerable.Range(0, Attackers).Select(_ => AttackAsync(attack, over.Token)).ToList();

            var under = await MeasureAsync();

            await over.CancelAsync();
            var answers = (await Task.WhenAll(attackers)).SelectMany(list => list).ToList();
            Assert.All(answers, status => Assert.InRange(status, 200, 499));
            Say($"{name}: {under:0} ms, {under / rest:0.0} x; {answers.Count} requests of Eve's answered; {attacked.Peaks}");
            attacked.Peaks?.AreBelowTheirCaps();
        }
    }

    private static void Say(string line) =>
        TestContext.Current.TestOutputHelper?.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private IEnumerable<(string Name, Func<CancellationToken, Task<int>> Attack)> Attacks()
    {
        yield return ("nested constant", Planned(Sql("SELECT from_json('{}', repeat('{\"a\":', 200000) || '1')")));
        yield return ("large constant", Planned(Sql("SELECT len(range(1000000000))")));
        yield return ("long condition", Planned(Sql(
            "SELECT 1 FROM source WHERE " + string.Join(" OR ", Enumerable.Range(0, 20_000).Select(n => $"gene = 'g{n}'")))));
        yield return ("many expressions", Planned(new
        {
            operation = "select", source = new { path = "data/genes.csv" },
            parameters = new { columns = Enumerable.Range(0, 3000).Select(n => new { expression = $"n + {n}", @as = $"c{n}" }) },
        }));
        yield return ("many names", Planned(new
        {
            operation = "distinct", source = new { path = "data/genes.csv" },
            parameters = new { columns = Enumerable.Range(0, 50_000).Select(n => $"c{n}") },
        }));
        yield return ("glob", Partitioned("data/**/**/**/**/**/**/**/**/*x*y*z*.csv"));
        yield return ("deep JSON", Partitioned("data/deep.ndjson"));
        yield return ("wide CSV", Partitioned("data/wide.csv"));
        yield return ("inflated text", Partitioned("data/bomb.csv.gz"));
        yield return ("many jobs", Submitted(AttackedCluster.Sums("data/genes.csv")));
        yield return (
            "jobs that fill memory", Submitted(Sql("SELECT string_agg(repeat(a.gene, 1000), '') FROM source a, source b")));
        yield return ("jobs that never end", Submitted(Sql("SELECT count(*) FROM source a, source b, source c, source d")));
        yield return ("lists", Read("jobs/list?pageSize=500&text=a"));
        yield return ("timeline", Read("timeline?resolution=1"));
    }

    private async Task PrepareAsync()
    {
        await File.WriteAllTextAsync(
            attacked.At("data/deep.ndjson"),
            string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + "1" + new string('}', 100_000) + "\n");
        await File.WriteAllTextAsync(
            attacked.At("data/wide.csv"), string.Join(',', Enumerable.Range(0, 60_000).Select(n => $"c{n}")) + "\n");
        await using var packed = new GZipStream(File.Create(attacked.At("data/bomb.csv.gz")), CompressionLevel.SmallestSize);
        var zeros = Encoding.ASCII.GetBytes("a,b\n" + string.Concat(Enumerable.Repeat("0,0\n", 250_000)));
        for (var n = 0; n < 200; n++)
        {
            await packed.WriteAsync(zeros);
        }
    }

    // The median of some of Ann's jobs, from submit to end, in milliseconds.
    private async Task<double> MeasureAsync()
    {
        var times = new List<double>();
        for (var n = 0; n < Jobs; n++)
        {
            var watch = Stopwatch.StartNew();
            var id = await AttackedCluster.SubmitAsync(attacked.Ann, AttackedCluster.Sums("data/genes.csv"));
            var end = await attacked.Cluster.WaitForEndAsync(id, seconds: 240);
            times.Add(watch.Elapsed.TotalMilliseconds);
            Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
            var rows = await attacked.Ann.GetFromJsonAsync<JsonElement>($"jobs/{id}/result");
            Assert.Equal(499_500, rows.GetProperty("rows").EnumerateArray().Sum(row => row[1].GetInt64()));
        }

        return times.Order().ElementAt(Jobs / 2);
    }

    private static async Task<List<int>> AttackAsync(Func<CancellationToken, Task<int>> attack, CancellationToken over)
    {
        var answers = new List<int>();
        while (!over.IsCancellationRequested)
        {
            try
            {
                answers.Add(await attack(over));
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                break;
            }
        }

        return answers;
    }

    private static object Sql(string query) =>
        new { operation = "sql", source = new { path = "data/genes.csv" }, parameters = new { query } };

    private Func<CancellationToken, Task<int>> Planned(object job) => Post("jobs/submit?validateOnly=true", job);

    private Func<CancellationToken, Task<int>> Partitioned(string path) => Post("data/partition", new { source = new { path } });

    // Each is cancelled after a while, so that the attack is over when it is.
    private Func<CancellationToken, Task<int>> Submitted(object job) => async over =>
    {
        using var response = await attacked.Eve.PostAsJsonAsync("jobs/submit", job, CancellationToken.None);
        var document = await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None);
        if (document.TryGetProperty("id", out var id))
        {
            await Task.Delay(TimeSpan.FromSeconds(3), over).ContinueWith(_ => { }, TaskScheduler.Default);
            using var cancel = await attacked.Eve.PostAsync($"jobs/{id}/cancel", null, CancellationToken.None);
        }

        return (int)response.StatusCode;
    };

    private Func<CancellationToken, Task<int>> Post(string path, object body) => async over =>
    {
        using var response = await attacked.Eve.PostAsJsonAsync(path, body, over);
        return (int)response.StatusCode;
    };

    private Func<CancellationToken, Task<int>> Read(string path) => async over =>
    {
        using var response = await attacked.Eve.GetAsync(path, over);
        return (int)response.StatusCode;
    };
}
