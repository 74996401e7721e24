using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Scanning;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>
/// Generated JSON as the scan reads it and as the engine's own reader does: the same rows, or the scan says that it leaves them.
/// A failure names its seed; <c>ORLEANS_CLUSTER_GENERATED_FILES=seed:count</c> makes the long test read these alone.
/// </summary>
public sealed class JsonScanProperties : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-json-").FullName;
    private readonly StagingFile staging = StagingFile.Create(Path.GetTempPath(), inMemory: false);
    private readonly DuckDbSession session;
    private int tables;

    public JsonScanProperties() => session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Files = [staging.Path] });

    public void Dispose()
    {
        session.Dispose();
        staging.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Scan_GeneratedFiles_HaveTheRowsOfTheEnginesReader() => Check(first: 1, count: 150);

    [Fact]
    [Trait("Category", "Long")]
    public void Scan_ManyGeneratedFiles_HaveTheRowsOfTheEnginesReader()
    {
        var wanted = (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_GENERATED_FILES") ?? "1000:10000").Split(':');
        Check(int.Parse(wanted[0], CultureInfo.InvariantCulture), int.Parse(wanted[1], CultureInfo.InvariantCulture));
    }

    private void Check(int first, int count)
    {
        for (var seed = first; seed < first + count; seed++)
        {
            var sample = new JsonSampleFile(seed);
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

    private void Check(JsonSampleFile sample, int seed)
    {
        var scan = Scan(sample);
        var staged = new StagedTable(scan, scan.Slices, staging);
        staged.Stage(static _ => { }, CancellationToken.None);
        foreach (var window in new[] { TextWindow.DefaultBytes, 64 + (seed % 64) })
        {
            var table = new JsonTable($"__json_{tables++}", scan, scan.Slices, static (_, _) => { }) { WindowBytes = window };
            session.Register(table);
            var rows = Rows(table, sample.Columns);
            if (rows is null)
            {
                Assert.True(sample.MayBeOdd, "The scan leaves a file to the engine's reader that has nothing odd.");
                continue;
            }

            Assert.Empty(staged.Staged.Refused);
            Assert.Equal(staged.Staged.Rows, table.Records);
            Assert.Equal(Rows(staged.SelectSql(sample.Columns), sample.Columns), rows);
            var wanted = sample.Columns.Where((_, i) => (seed >> i) % 2 == 0).ToList();
            if (wanted.Count > 0)
            {
                Assert.Equal(Rows(staged.SelectSql(wanted), wanted), Rows(table.SelectSql(wanted), wanted));
            }
        }
    }

    // Null where it left them.
    private List<string>? Rows(JsonTable table, IReadOnlyList<ColumnSchema> columns)
    {
        try
        {
            return Rows(table.SelectSql(columns), columns);
        }
        catch (DuckDBException e) when (table.IsOdd || (table.HasCasts && Engine.DuckDb.DuckDbErrors.MayBeBadRow(e)))
        {
            return null;
        }
    }

    private List<string> Rows(string select, IReadOnlyList<ColumnSchema> columns) => session.Query(
        $"SELECT {string.Join(", ", columns.Select(column => $"CAST({SqlText.Name(column.Name)} AS VARCHAR)"))} FROM ({select})",
        row => string.Join(
            ' ', Enumerable.Range(0, columns.Count).Select(i => row.IsDBNull(i) ? "null" : $"«{row.GetString(i)}»")));

    private ScanInput Scan(JsonSampleFile sample)
    {
        var path = Path.Combine(folder, "sample.ndjson");
        File.WriteAllBytes(path, sample.Bytes());
        var info = new FileInfo(path);
        var file = new SourceFile { Stamp = new FileStamp(path, info.Length, new DateTimeOffset(info.LastWriteTimeUtc)) };
        return new ScanInput
        {
            Format = SourceFormat.Ndjson, Columns = sample.Columns, Json = sample.Layout,
            Slices = [new FileSlice { File = file, End = info.Length, FirstLine = 1 }],
        };
    }
}
