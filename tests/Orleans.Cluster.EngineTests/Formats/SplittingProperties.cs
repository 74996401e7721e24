using System.Text;
using System.Text.Json;
using CsCheck;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// However a file is cut, its ranges hold the rows of the whole file, in order: every byte is tried, into 2 to 7 ranges.
/// </summary>
public sealed class SplittingProperties : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-cuts-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Cut_GeneratedCsv_EqualsOneWholeRead() => Csv(iterations: 25);

    [Fact]
    [Trait("Category", "Long")]
    public void Cut_MuchGeneratedCsv_EqualsOneWholeRead() => Csv(iterations: 600);

    [Fact]
    public void Cut_GeneratedNdjson_EqualsOneWholeRead() => Ndjson(iterations: 20);

    [Fact]
    [Trait("Category", "Long")]
    public void Cut_MuchGeneratedNdjson_EqualsOneWholeRead() => Ndjson(iterations: 300);

    [Fact]
    public void Cut_ParquetAtAnyRow_EqualsOneWholeRead()
    {
        const int Rows = 10_000;
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [folder] });
        var path = Path.Combine(folder, "rows.parquet");
        session.Execute(
            $"COPY (SELECT range AS n, CASE WHEN range % 7 <> 0 THEN 'v' || range END AS s, [range, NULL] AS l FROM range("
            + $"{Rows})) "
            + $"TO {SqlText.Literal(path)} (FORMAT parquet, ROW_GROUP_SIZE 2048)");
        var file = new SourceFile
        {
            Stamp = new FileStamp(path, new FileInfo(path).Length, default), RowCount = Rows, Splittable = true,
        };
        var whole = Read(0, Rows);

        Gen.Long[1, Rows - 1].Array[1, 6].Sample(
            cuts =>
            {
                var borders = cuts.Distinct().Order().Prepend(0).Append(Rows).ToList();
                Assert.Equal(whole, borders.Zip(borders.Skip(1)).SelectMany(range => Read(range.First, range.Second)));
            },
            iter: 25, threads: 1);

        List<string> Read(long start, long end)
        {
            using var sources = OpenSources.Begin();
            OpenSources.KeepName(path);
            var slice = new FileSlice { File = file, Start = start, End = end, Unit = SliceUnit.Rows, Rows = end - start };
            var scan = new ScanInput
            {
                Format = SourceFormat.Parquet,
                Columns = [new ColumnSchema("n", "BIGINT"), new ColumnSchema("s", "VARCHAR"), new ColumnSchema("l", "BIGINT[]")],
                Slices = [slice],
            };
            return session.Query(
                $"SELECT concat_ws('|', n, coalesce(s, 'null'), l) FROM ({ParquetSql.SelectRange(scan, scan.Columns, slice)})",
                row => row.GetString(0));
        }
    }

    [Fact]
    public void Cut_BgzfAcrossBlocks_EqualsOneWholeRead() => Gen.Select(CsvSample.Any, Gen.Int[1, 40].Array[1, 3]).Sample(
        (sample, blocks) =>
        {
            var path = Path.Combine(folder, $"{Guid.NewGuid():N}.csv.gz");
            File.WriteAllBytes(path, Compressed.Bgzf(sample.Bytes(), blocks));
            CheckCuts(path, sample.Source(path), sample.Rows(), step: 23);
        },
        iter: 12, threads: 1);

    private void Csv(int iterations) => CsvSample.Any.Sample(
        sample =>
        {
            var path = Path.Combine(folder, $"{Guid.NewGuid():N}.csv");
            File.WriteAllBytes(path, sample.Bytes());
            CheckCuts(path, sample.Source(path), sample.Rows());
        },
        iter: iterations, threads: 1,
        print: sample => JsonSerializer.Serialize(Encoding.UTF8.GetString(sample.Bytes())) + sample.Describe());

    private void Ndjson(int iterations)
    {
        var value = Gen.OneOf("null", "\"\"", "\"a\\nb\"", "\"}{\\\"\"", "\"é漢😀\"", "\"x\"");
        var record = Gen.Select(
            value, value,
            Gen.OneOf("{{\"a\":{0},\"b\":{1}}}", "{{\"b\":{1}, \"a\":{0}}}", " {{ \"a\" : {0} , \"b\":{1} }}\t", "{{\"a\":{0}}}"))
            .Select((a, b, form) => (
                Text: string.Format(System.Globalization.CultureInfo.InvariantCulture, form, a, b),
                Row: $"{Shown(a)} {(form.Contains("{1}", StringComparison.Ordinal) ? Shown(b) : "null")}"));
        Gen.Select(record.Array[1, 12], Gen.OneOf("\n", "\r\n"), Gen.OneOf("", "\n", " \t\n", "\r\n"), Gen.Bool).Sample(
            (records, end, blank, closed) =>
            {
                var path = Path.Combine(folder, $"{Guid.NewGuid():N}.ndjson");
                File.WriteAllText(
                    path, string.Join(end, records.Select((r, i) => i % 3 == 1 ? blank + r.Text : r.Text)) + (closed ? end : ""));
                var columns = new Dictionary<string, string> { ["a"] = "VARCHAR", ["b"] = "VARCHAR" };
                CheckCuts(
                    path, new SourceSpec
                    {
                        Path = [path], Format = SourceFormat.Ndjson, Options = new SourceOptions { Columns = columns },
                    },
                    [.. records.Select(r => r.Row)], ["a", "b"]);
            },
            iter: iterations, threads: 1);
    }

    private static string Shown(string json) => JsonSerializer.Deserialize<string?>(json) is { } text ? $"«{text}»" : "null";

    private static void CheckCuts(
        string path, SourceSpec source, IReadOnlyList<string> expected, IReadOnlyList<string>? columns = null, int step = 1)
    {
        using var reader = new CutReader(path, source, columns);
        Assert.Equal(expected, reader.ReadWhole());
        var bytes = (int)new FileInfo(path).Length;
        for (var ranges = 2; ranges <= 7; ranges++)
        {
            for (var shift = 0; shift < bytes; shift += step)
            {
                Assert.Equal(expected, reader.ReadCut(reader.Cuts(ranges, shift)));
            }
        }

        File.Delete(path);
    }
}
