using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Files that only one task could read are cut into pieces by a first stage; the rest is as with plain files.</summary>
public sealed class StreamTests : IDisposable
{
    private const int Count = 5000;

    private static readonly string Csv = string.Concat(
        Enumerable.Range(0, Count)
        .Select(i => i % 100 == 7 ? $"{i},\"a\n\"\"{i}\"\n" : $"{i},é{i * 7919 % 10_007}\n").Prepend("# c\nn,s\n"));

    private static readonly string Json =
        $"[{string.Join(",\n  ", Enumerable.Range(0, Count).Select(JsonRow))}\n]";

    private static string JsonRow(int i) => $"{{ \"n\" : {i},\n \"s\": \"x\\n]{{{i}\", \"l\": [1, {{\"a\": null}}] }}";

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("gz")]
    [InlineData("zst")]
    [InlineData("utf-16")]
    [InlineData("json")]
    [InlineData("json.gz")]
    public async Task Convert_LargeStream_IsRechunkedAndHasTheSameRowsInOrder(string kind)
    {
        var path = Write(kind);
        var whole = await harness.Run(Job(path, null));

        var spec = Job(path, minPartitions: 5);
        var plan = await harness.Plan(spec);
        var pieces = await harness.Run(plan, spec);

        Assert.Equal(TaskKind.Rechunk, plan.Stages[0].Kind);
        Assert.Equal(InputMode.Chunk, plan.Stages[1].Inputs[0].Mode);
        Assert.Equal(Count, whole.GetProperty("totalRows").GetInt32());
        Assert.Equal(whole.ToString(), pieces.ToString());
        Assert.InRange(harness.LastPartitions, 3, 12);
    }

    [Fact]
    public async Task Aggregate_RechunkedStreams_CountsEachRowOnce()
    {
        var spec = Job(Write("gz"), minPartitions: 6) with
        {
            Operation = OperationKind.Sql,
            Parameters = System.Text.Json.JsonSerializer.SerializeToElement(
                new { query = "SELECT n % 3 AS k, count(*) AS c, sum(n) AS s FROM source GROUP BY k ORDER BY k" }),
        };

        Assert.Equal(["[0,1667,4165833]", "[1,1667,4167500]", "[2,1666,4164167]"], EngineHarness.Rows(await harness.Run(spec)));
    }

    [Fact]
    public async Task Convert_BadRowInAPiece_IsNamedByItsPlaceInTheOriginal()
    {
        var text = Csv.Replace("\n4321,", "\nX,", StringComparison.Ordinal);
        var path = harness.Write("late.csv.gz", Compressed.Gzip(text));
        var offset = Encoding.UTF8.GetByteCount(text.AsSpan(0, text.IndexOf("\nX,", StringComparison.Ordinal) + 1));
        var line = text[..text.IndexOf("\nX,", StringComparison.Ordinal)].Count(c => c == '\n') + 2;
        var spec = Job(path, minPartitions: 5);
        spec = spec with
        {
            Source = spec.Source! with { Options = new SourceOptions { Columns = new Dictionary<string,
                string> { ["n"] = "BIGINT" } } },
        };

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(spec));

        Assert.Contains(
            $"{path}, line {line}, byte {offset}, column 'n': value 'X' is not a valid BIGINT", refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_SmallStream_IsReadAsItIs()
    {
        var plan = await harness.Plan(Job(Write("gz"), null));

        Assert.Single(plan.Stages);
        Assert.Null(plan.Datasets["source"].PieceBytes);
    }

    [Fact]
    public async Task Convert_Bgzf_IsCutByItsBlocks()
    {
        var path = harness.Write("blocks.csv.bgz", Compressed.Bgzf(Encoding.UTF8.GetBytes(Csv), 4000, 700, 9000));
        var spec = Job(path, minPartitions: 6);
        var plan = await harness.Plan(spec);

        var result = await harness.Run(plan, spec);

        Assert.Equal(6, plan.Datasets["source"].Partitions.Count);
        Assert.Null(plan.Datasets["source"].PieceBytes);
        Assert.Equal((await harness.Run(Job(harness.Write("plain.csv", Csv), null))).ToString(), result.ToString());
    }

    [Fact]
    public async Task Convert_BgzfCutBetweenBlocks_IsNamed()
    {
        var path = harness.Write("cut.csv.gz", Compressed.Bgzf(Encoding.UTF8.GetBytes(Csv), 4000)[..^28]);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path, null)));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("latin-1", "é", "\u0080")]
    [InlineData("windows-1252", "é", "€")]
    [InlineData("utf-16", "é", "漢")]
    public async Task Convert_OtherEncodings_AreText(string encoding, string first, string second)
    {
        var code = encoding switch
        {
            "latin-1" => Encoding.Latin1,
            "utf-16" => Encoding.BigEndianUnicode,
            _ => CodePagesEncodingProvider.Instance.GetEncoding(1252)!,
        };
        var path = harness.Write("text.csv", [.. code.GetPreamble(), .. code.GetBytes($"n,s\n1,{first}\n2,\"{second}\n,\"\n")]);
        foreach (var partitions in new[] { 1, 2 })
        {
            var spec = Job(path, partitions);
            spec = spec with { Source = spec.Source! with { Options = new SourceOptions { Encoding = encoding } } };

            var rows = (await harness.Run(spec)).GetProperty("rows");

            Assert.Equal([first, $"{second}\n,"], rows.EnumerateArray().Select(row => row[1].GetString()));
        }
    }

    [Fact]
    public async Task Convert_FilesOfSeveralEncodings_AreReadEachInItsOwn()
    {
        var paths = new[]
        {
            harness.Write("1.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("n,s\n1,é\n")]),
            harness.Write("2.csv", "n,s\n2,漢\n"),
        };

        var result = await harness.Run(
            new JobSpec { Operation = OperationKind.Convert, Source = new SourceSpec { Path = paths } });

        Assert.Equal(["é", "漢"], result.GetProperty("rows").EnumerateArray().Select(row => row[1].GetString()));
    }

    [Theory]
    [InlineData("{\"n\":1}{\"n\":2}\n [{\"n\":3}] {\"n\":4}", 4)]
    [InlineData("\uFEFF[ ]", 0)]
    [InlineData("{\"n\":1, \"s\": {\"a\": [1, 2, {}], \"b\": \"\\u00e9\\\"}\"}}\n\n", 1)]
    public async Task Convert_JsonInOddForms_HasItsRows(string text, int rows)
    {
        var spec = Job(harness.Write("odd.json", text), null);
        spec = spec with
        {
            Source = spec.Source! with { Options = new SourceOptions { Columns = new Dictionary<string,
                string> { ["n"] = "BIGINT" } } },
        };

        var result = await harness.Run(spec);

        Assert.Equal(Enumerable.Range(1, rows), result.GetProperty("rows").EnumerateArray().Select(row => row[0].GetInt32()));
    }

    [Theory]
    [InlineData("[{\"n\":1},{\"n\":2}")]
    [InlineData("[{\"n\":1},{\"n\":")]
    [InlineData("[{\"n\":1} {\"n\":2}]")]
    public async Task Convert_BrokenJson_IsNamed(string text)
    {
        var path = harness.Write("broken.json", text);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path, null)));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }

    private string Write(string kind)
    {
        using var compressor = new ZstdSharp.Compressor();
        return kind switch
        {
            "gz" => harness.Write("stream.csv.gz", Compressed.Gzip(Csv)),
            "zst" => harness.Write("stream.csv.zst", compressor.Wrap(Encoding.UTF8.GetBytes(Csv)).ToArray()),
            "utf-16" => harness.Write("stream.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(Csv)]),
            "json" => harness.Write("stream.json", Json),
            _ => harness.Write("stream.json.gz", Compressed.Gzip(Json)),
        };
    }

    private static JobSpec Job(string path, int? minPartitions) => new()
    {
        Operation = OperationKind.Convert,
        Source = new SourceSpec { Path = [path] },
        Partitioning = new PartitioningSpec { MinPartitions = minPartitions },
    };
}
