using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Whether the engine read every record of a task's inputs, no fewer and no more: a reader that drops or makes rows in silence
/// must not commit. What it should read was counted without it, by the record splitter (text) or from the footer at planning
/// (Parquet).
/// </summary>
internal static class RowAccounting
{
    /// <summary>Compares what a finished query scanned with what its inputs hold.</summary>
    /// <param name="session">The session that ran it.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="profile">What its scans did.</param>
    /// <param name="cancellationToken">Ends a recount.</param>
    /// <exception cref="EngineException">The numbers differ.</exception>
    public static void Check(DuckDbSession session, TaskInputs inputs, QueryProfile profile, CancellationToken cancellationToken)
    {
        foreach (var table in inputs.StagedTables)
        {
            var scans = profile.Scans.Where(scan => scan.Reads(table.File.Path)).Select(scan => scan.Rows).ToList();
            Require(table.Slices[0].File.Stamp.Path, table.Staged.Rows, scans, () => Recount(session, table, cancellationToken));
        }

        foreach (var table in inputs.TextTables)
        {
            table.CountRecords(cancellationToken);
        }

        foreach (var table in inputs.JsonTables)
        {
            table.ReadAll(cancellationToken);
        }

        var isUnread = profile.Scans.Count(scan => scan.ReadsParquetColumns) < inputs.ParquetScans.Count();
        foreach (var (scan, rows) in inputs.ParquetScans)
        {
            // A filter reaches into the scan of Parquet, so that its rows say nothing; the footers are read once more instead.
            Require(scan.Slices[0].File.Stamp.Path, rows, [], () => Recount(session, scan, isUnread, cancellationToken));
        }
    }

    /// <summary>Rows read are records there, less those set aside.</summary>
    /// <exception cref="EngineException">Some are neither.</exception>
    public static void CheckQuarantine(TaskInputs inputs, long quarantined)
    {
        var staged = inputs.StagedTables.Sum(table => table.Staged.Rows);
        var records = inputs.StagedTables.Sum(table => table.Staged.RowsPerSlice.Sum());
        if (records != staged + quarantined)
        {
            throw Differs($"{records} records were found, but {staged} were read and {quarantined} set aside.");
        }
    }

    // A scan that stops early on purpose (a limit, the empty side of a join) or never starts says nothing of the reader: only
    // then the file is counted once more, by the reader itself.
    private static void Require(string path, long records, IReadOnlyList<long> scans, Func<long?> recount)
    {
        if (scans.Count > 0 && scans.All(rows => rows == records))
        {
            return;
        }

        var read = scans.FirstOrDefault(rows => rows > records);
        var found = read > 0 ? read : recount();
        if (found is { } rows && rows != records)
        {
            throw Differs($"The engine read {rows} rows where {path} holds {records} records in this partition.");
        }
    }

    // A query that reads no column, as count(*) does, has seen nothing but footers: then one column is read, so that the rows are
    // there.
    private static long Recount(DuckDbSession session, ScanInput scan, bool isUnread, CancellationToken cancellationToken)
    {
        var rows = $"({string.Join(" UNION ALL ", ParquetSql.Selects(scan, scan.Columns))}) AS s";
        var mayBeUnread = isUnread && (scan.UsedColumns?.Count ?? scan.Columns.Count) <= 1;
        var column = mayBeUnread ? scan.UsedColumns?.FirstOrDefault() ?? scan.Columns[0].Name : null;
        return session.QueryInt64(
            column is null
            ? $"SELECT count(*) FROM {rows}"
            : $"SELECT count(*), max(hash(s.{SqlText.Name(column)})) FROM {rows}", cancellationToken);
    }

    private static long? Recount(DuckDbSession session, StagedTable table, CancellationToken cancellationToken)
    {
        try
        {
            return session.QueryInt64($"SELECT count(*) FROM {table.ReadSql()}", cancellationToken);
        }
        catch (DuckDBException e) when (DuckDbErrors.MayBeBadRow(e))
        {
            // A bad row behind the point where the scan stopped. The reader says so aloud, so it drops nothing in silence.
            return null;
        }
    }

    // Another attempt would read the same bytes in the same way.
    private static EngineException Differs(string what) => new(
        new AttemptFailure(FailureKind.BadData, $"Rows do not add up: {what} Nothing was committed.", ProblemCode.Internal.Word));
}
