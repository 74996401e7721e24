using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Scanning;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>Reads delimited text as tasks do, without one around it; one instance of the engine for many files.</summary>
internal sealed class ScanReader : IDisposable
{
    private readonly StagingFile staging = StagingFile.Create(Path.GetTempPath(), inMemory: false);
    private readonly DuckDbSession session;
    private int tables;

    public ScanReader() => session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Files = [staging.Path] });

    /// <summary>The rows and those that were set aside.</summary>
    public (List<string> Rows, List<BadRow> Bad) Read(
        ScanInput scan, int windowBytes = TextWindow.DefaultBytes, IReadOnlyList<string>? columns = null)
    {
        var table = Declare(scan, setsAside: true, windowBytes);
        var rows = Rows(table, table.SelectSql(table.Scan.Columns), columns);
        Assert.Equal(rows.Count + table.Bad.Count(), table.Records);
        return (rows, [.. table.Bad]);
    }

    /// <summary>What a job that ends at the first bad row says of it.</summary>
    public string Refusal(ScanInput scan)
    {
        var table = Declare(scan, setsAside: false, TextWindow.DefaultBytes);
        return Assert.Throws<EngineException>(() => Rows(table, table.SelectSql(table.Scan.Columns), null)).Message;
    }

    /// <summary>The rows as the engine's own reader has them.</summary>
    public List<string> ReadWithEngine(ScanInput scan)
    {
        var file = scan.Slices[0].File;
        staging.Reset();
        var staged = RecordStager.Stage(
            scan.Slices, scan, staging, new HashSet<long>(), null, static _ => { }, CancellationToken.None);
        var call = TextSql.Read(staging.Path, scan.DialectOf(file), StagedTable.ColumnsOf(scan, file), staged.LongestRecord);
        return Rows(null, $"SELECT * FROM {call}", null);
    }

    public void Dispose()
    {
        session.Dispose();
        staging.Dispose();
    }

    private TextTable Declare(ScanInput scan, bool setsAside, int windowBytes)
    {
        var table = new TextTable(
            $"__text_{tables++}", scan, scan.Slices, setsAside, static (_, _) => { }) { WindowBytes = windowBytes };
        session.Register(table);
        return table;
    }

    private List<string> Rows(TextTable? table, string select, IReadOnlyList<string>? columns)
    {
        try
        {
            return session.Query($"SELECT {(columns is null ? "*" : SqlText.Names(columns))} FROM ({select})", Show);
        }
        catch (DuckDBException) when (table?.Failure is not null)
        {
            table.Failure.Throw();
            throw;
        }
    }

    private static string Show(DuckDBDataReader row) =>
        string.Join(' ',
            Enumerable.Range(0, row.FieldCount).Select(i => row.IsDBNull(i) ? "null" : $"«{Show(row.GetValue(i))}»"));

    private static string Show(object value) => value switch
    {
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
