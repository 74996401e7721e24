using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.EngineTests.Formats;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>
/// Generated files of any dialect through every way to read them: each row has its values, each bad one its place. A failure
/// names its seed;
/// <c>ORLEANS_CLUSTER_GENERATED_FILES=seed:count</c> makes the long test read these alone.
/// </summary>
public sealed class ScanProperties : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-scan-").FullName;
    private readonly ScanReader reader = new();

    public void Dispose()
    {
        reader.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    // The last is a file without a byte.
    [Theory]
    [InlineData(1, 60)]
    [InlineData(9_200_959, 1)]
    public void Scan_GeneratedFiles_HaveTheirRows(int first, int count) => Check(first, count);

    [Fact]
    [Trait("Category", "Long")]
    public void Scan_ManyGeneratedFiles_HaveTheirRows()
    {
        var wanted = (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_GENERATED_FILES") ?? "1000:10000").Split(':');
        Check(int.Parse(wanted[0], CultureInfo.InvariantCulture), int.Parse(wanted[1], CultureInfo.InvariantCulture));
    }

    private void Check(int first, int count)
    {
        for (var seed = first; seed < first + count; seed++)
        {
            var sample = new ScanSample(seed);
            try
            {
                Check(sample, seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {sample}\n{e.Message}", e);
            }
        }
    }

    private void Check(ScanSample sample, int seed)
    {
        var path = Write("plain.csv", sample.Bytes());
        var whole = Slice(path, SourceCompression.None);
        Equal(sample, [whole], reader.Read(Scan(sample, whole)));
        Equal(sample, [whole], reader.Read(Scan(sample, whole), windowBytes: 64 + (seed % 64)));

        // Cut where the aligner cuts, at a place that changes from sample to sample.
        var bytes = whole.End;
        var cuts = bytes == 0
            ? []
            : new[] { (seed * 7919) % bytes, (seed * 104_729) % bytes }.Where(cut => cut > 0).Distinct().Order().ToArray();
        var pieces = Ranges(sample, whole.File, cuts);
        Equal(sample, pieces, Read(sample, pieces));
        var each = pieces.Select(piece => reader.Read(Scan(sample, piece))).ToList();
        Equal(sample, pieces, ([.. each.SelectMany(part => part.Rows)], [.. each.SelectMany(part => part.Bad)]));

        var gzip = Slice(
            Write("gz.csv.gz", Compressed.Gzip(System.Text.Encoding.UTF8.GetString(sample.Bytes()))), SourceCompression.Gzip);
        Equal(sample, [gzip], reader.Read(Scan(sample, gzip)));
        var bgzf = Slice(Write("bgzf.csv.gz", Compressed.Bgzf(sample.Bytes(), [40, 100, 7])), SourceCompression.Bgzf);
        var blocks = Ranges(sample, bgzf.File, [bgzf.End / 3, bgzf.End / 2]);
        Equal(sample, blocks, Read(sample, blocks));

        var shown = sample.Columns.Where((_, i) => (seed >> i) % 2 == 0).Select(column => column.Name).ToList();
        var wanted = sample.Columns.Select((column, i) => (column, i))
            .Where(item => shown.Contains(item.column.Name)).Select(item => item.i).ToList();
        if (shown.Count > 0)
        {
            Assert.Equal(sample.Rows.Select(row => Show(row, wanted)), reader.Read(Scan(sample, whole), columns: shown).Rows);
        }

        if (sample.Bad is [var bad, ..])
        {
            Assert.Contains(
                $", line {bad.Line}, byte {bad.Offset}{(bad.Column is null ? "." : $", column '{bad.Column}'")}",
                reader.Refusal(Scan(sample, whole)), StringComparison.Ordinal);
        }
        else if (sample.Dialect.Decimal == "." && sample.Dialect.Delimiter.Length == 1 && sample.Dialect.Delimiter[0] < 128)
        {
            var text = Scan(sample, whole) with
            {
                Columns = [.. sample.Columns.Select(column => column with { Type = "VARCHAR" })],
            };
            Assert.Equal(reader.ReadWithEngine(text), reader.Read(text).Rows);
        }
    }

    // Of a file without a byte there is no piece.
    private (List<string> Rows, List<BadRow> Bad) Read(ScanSample sample, IReadOnlyList<FileSlice> slices) =>
        slices.Count == 0 ? ([], []) : reader.Read(Scan(sample, slices));

    private static void Equal(ScanSample sample, IReadOnlyList<FileSlice> slices, (List<string> Rows, List<BadRow> Bad) read)
    {
        Assert.Equal(sample.Rows.Select(row => Show(row, Enumerable.Range(0, row.Length))), read.Rows);
        Assert.Equal(sample.Bad, read.Bad.Select(bad => (bad.Line, bad.Offset, bad.Column)));
        Assert.All(read.Bad, bad => Assert.Equal(slices[0].File.Stamp.Path, bad.Path));
    }

    private static string Show(string?[] row, IEnumerable<int> columns) =>
        string.Join(' ', columns.Select(i => row[i] is { } value ? $"«{value}»" : "null"));

    private static List<FileSlice> Ranges(ScanSample sample, SourceFile file, IReadOnlyList<long> cuts) =>
    [
        .. RecordAligner.Align(new AlignRequest(file, sample.Dialect, cuts), CancellationToken.None).Select(range => new FileSlice
        {
            File = file, Start = range.Start, End = range.End, Rows = range.Rows, FirstLine = range.FirstLine,
            Inflated = range.Inflated,
        }),
    ];

    private static ScanInput Scan(ScanSample sample, params IReadOnlyList<FileSlice> slices) =>
        new() { Format = SourceFormat.Csv, Dialect = sample.Dialect, Columns = sample.Columns, Slices = slices };

    private static FileSlice Slice(string path, SourceCompression compression)
    {
        var info = new FileInfo(path);
        var file = new SourceFile
        {
            Stamp = new FileStamp(path, info.Length, new DateTimeOffset(info.LastWriteTimeUtc)), Compression = compression,
        };
        return new FileSlice { File = file, End = info.Length };
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
