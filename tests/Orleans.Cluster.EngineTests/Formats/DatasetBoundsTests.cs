using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Probing;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// What a file may be at most, at the bound and past it: each refusal says which file, what it has, what is allowed.
/// </summary>
public sealed class DatasetBoundsTests : IDisposable
{
    private readonly EngineHarness engine = new();

    public void Dispose() => engine.Dispose();

    [Theory]
    [InlineData(DatasetProber.MaxColumns, null)]
    [InlineData(DatasetProber.MaxColumns + 1, "65537 columns; a table has 65536 at most")]
    public void Probe_ManyColumns_UpToTheBound(int count, string? refusal)
    {
        var path = engine.Write(
            "wide.csv",
            $"{string.Join(',', Enumerable.Range(0, count).Select(n => $"c{n}"))}\n"
            + $"{string.Join(',', Enumerable.Repeat("1", count))}\n");

        AssertProbe(path, count, refusal);
    }

    [Theory]
    [InlineData("long.csv", 1024, null)]
    [InlineData("long.csv", 1025, "the name of a column has 1025 characters, and 1024 are allowed")]
    [InlineData("long.ndjson", 1024, null)]
    [InlineData("long.ndjson", 1025, "the name of a column has 1025 characters, and 1024 are allowed")]
    public void Probe_LongName_UpToTheBound(string name, int length, string? refusal)
    {
        var column = new string('n', length);
        var path = engine.Write(name, name.EndsWith(".csv", StringComparison.Ordinal)
            ? $"{column},b\n1,2\n3,4\n"
            : $"{{\"{column}\":1,\"b\":2}}\n");

        AssertProbe(path, 2, refusal);
    }

    [Theory]
    [InlineData(".ndjson", 511, null)]
    [InlineData(".ndjson", 100_000, "512")]
    [InlineData(".json", 100_000, "512")]
    public void Probe_DeepValues_UpToTheBound(string ending, int depth, string? refusal)
    {
        var text = new StringBuilder("{\"a\":").Append('[', depth).Append(']', depth).Append("}\n");

        AssertProbe(engine.Write($"deep{ending}", text.ToString()), 1, refusal);
    }

    // Each of these took minutes once, and a caller may send many: the square of their number.
    [Theory]
    [InlineData("equal.csv", 65_000, null)]
    [InlineData("delimiters.csv", 0, "columns; a table has 65536 at most")]
    [InlineData("keys.ndjson", 0, "more than 65536 different keys")]
    [InlineData("cases.ndjson", 16_384, null)]
    [InlineData("below.ndjson", 1, null)]
    public async Task Probe_ManyNames_TakesNoSquareOfTheirNumber(string name, int columns, string? refusal)
    {
        var text = name switch
        {
            "equal.csv" => $"{string.Join(',', Enumerable.Repeat("c", columns))}\n"
                + $"{string.Join(',', Enumerable.Repeat("1", columns))}\n",
            "delimiters.csv" => string.Concat(Enumerable.Repeat(",;\t|", 500_000)),
            "keys.ndjson" => string.Join('\n', Enumerable.Range(0, 300_000).Select(n => $"{{\"k{n}\":1}}")),
            "cases.ndjson" => $"{{{string.Join(',', Cases().Select((key, n) => $"\"{key}\":{(n % 2 == 0 ? "1" : "true")}"))}}}\n",
            _ => string.Join('\n', Enumerable.Range(0, 50_000).Select(n => $"{{\"a\":{{\"b{n}\":{{\"c{n}\":1}}}}}}")),
        };
        var path = engine.Write(name, text);

        var probing = Task.Run(() => AssertProbe(path, columns, refusal));

        // A deadline: it is seconds on any machine, or else many minutes.
        await probing.WaitAsync(TimeSpan.FromMinutes(2));
    }

    // The same fourteen letters in all their cases.
    private static IEnumerable<string> Cases() => Enumerable.Range(0, 1 << 14).Select(bits => string.Concat(
        Enumerable.Range(0, 14).Select(n => (char)((bits & (1 << n)) == 0 ? 'a' + n : 'A' + n))));

    private void AssertProbe(string path, int columns, string? refusal)
    {
        var answer = engine.Probe(new SourceSpec { Path = [path] }, [EngineHarness.Stamp(path)]);
        if (refusal is null)
        {
            Assert.Equal(columns, answer.Get().Columns.Count);
            return;
        }

        var refused = Assert.Throws<ClusterException>(() => answer.Get());
        Assert.Equal(ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(refusal, refused.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(path), refused.Message, StringComparison.Ordinal);
    }
}
