using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Probing;
using Orleans.Cluster.Engine.Scanning;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Reads one file whole and in ranges, as tasks do, with every distinct range read by the engine once.</summary>
internal sealed class CutReader : IDisposable
{
    private readonly StagingFile staging = StagingFile.Create(Path.GetTempPath(), inMemory: false);
    private readonly DuckDbSession session;
    private readonly Dictionary<(long Start, long End), List<string>> read = [];
    private readonly DatasetProbe probe;
    private readonly IReadOnlyList<string>? columns;
    private int tables;

    public CutReader(string path, SourceSpec source, IReadOnlyList<string>? columns = null)
    {
        this.columns = columns;
        session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Files = [staging.Path] });
        var stamp = new FileStamp(path, new FileInfo(path).Length, new DateTimeOffset(File.GetLastWriteTimeUtc(path)));
        probe = DatasetProber.Probe(new ProbeRequest(source, [stamp]), CancellationToken.None);
    }

    private SourceFile File0 => probe.Files[0];

    /// <summary>Rows of the file in one piece; a NULL is <c>null</c> without quotes, any text has some.</summary>
    public List<string> ReadWhole() => ReadCut([]);

    /// <summary>Rows of all ranges, one after the other, that cuts at wanted offsets make.</summary>
    public List<string> ReadCut(IReadOnlyList<long> cuts)
    {
        var ranges = RecordAligner.Align(new AlignRequest(File0, probe.Dialect, cuts), CancellationToken.None);
        var rows = new List<string>();
        for (var i = 0; i < ranges.Count; i++)
        {
            Assert.True(i == 0 || ranges[i - 1].End == ranges[i].Start, "Ranges join without a gap.");
            Assert.True(ranges[i].Rows > 0, "No range is empty.");
            rows.AddRange(ReadRange(ranges[i]));
        }

        return rows;
    }

    /// <summary>
    /// Wanted cuts for <paramref name="count"/> ranges of about one size, moved on by <paramref name="shift"/> bytes.
    /// </summary>
    public IReadOnlyList<long> Cuts(int count, int shift)
    {
        var bytes = File0.Stamp.Bytes;
        return [.. Enumerable.Range(0, count - 1)
            .Select(i => (shift + (i * bytes / count)) % bytes).Where(cut => cut > 0).Distinct().Order()];
    }

    private string Declare(ScanInput scan)
    {
        if (scan.DialectOf(scan.Slices[0].File) is not null)
        {
            var text = new TextTable($"__text_{tables++}", scan, scan.Slices, setsAside: false, static (_, _) => { });
            session.Register(text);
            return text.SelectSql(text.Scan.Columns);
        }

        var table = new StagedTable(scan, scan.Slices, staging);
        table.Stage(static _ => { }, CancellationToken.None);
        return table.SelectSql(table.Scan.Columns);
    }

    public void Dispose()
    {
        session.Dispose();
        staging.Dispose();
    }

    private List<string> ReadRange(AlignedRange range)
    {
        if (read.TryGetValue((range.Start, range.End), out var known))
        {
            return known;
        }

        var slice = new FileSlice
        {
            File = File0, Start = range.Start, End = range.End, Rows = range.Rows, FirstLine = range.FirstLine,
            Inflated = range.Inflated,
        };
        var scan = new ScanInput { Format = probe.Format, Dialect = probe.Dialect, Columns = probe.Columns, Slices = [slice] };
        var rows = session.Query(
            $"SELECT {(columns is null ? "*" : SqlText.Names(columns))} FROM ({Declare(scan)})", row => string.Join(
            ' ', Enumerable.Range(0, row.FieldCount).Select(i => row.IsDBNull(i) ? "null" : $"«{row.GetValue(i)}»")));
        Assert.Equal(range.Rows, rows.Count);
        return read[(range.Start, range.End)] = rows;
    }
}
