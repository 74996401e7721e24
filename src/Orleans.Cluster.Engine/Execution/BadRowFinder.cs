using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>A bad row of staged text.</summary>
/// <param name="Table">The staged table that it is in.</param>
/// <param name="Record">Its number among the table's records, those set aside counted, from 0.</param>
/// <param name="Row">The row.</param>
internal sealed record StagedBadRow(StagedTable Table, long Record, BadRow Row);

/// <summary>After a query has failed, looks for the rows of NDJSON that do not fit, all of them at once.</summary>
internal static class BadRowFinder
{
    public static IReadOnlyList<StagedBadRow> Find(TaskSpec task, TaskInputs inputs, CancellationToken cancellationToken)
    {
        var found = new List<StagedBadRow>();
        foreach (var table in inputs.StagedTables)
        {
            using var session = DuckDbSession.Open(
                SessionOptions.WithoutFiles with { MemoryBytes = inputs.EngineMemoryBytes, Files = [table.File.Path] });
            found.AddRange(Locate(table, NdjsonRejects(session, table, cancellationToken), cancellationToken));
        }

        return found;
    }

    /// <summary>A fault of one staged record; <paramref name="Record"/> counts records of the staged file.</summary>
    private sealed record Reject(long Record, string? Column, string Reason);

    private static List<Reject> NdjsonRejects(DuckDbSession session, StagedTable table, CancellationToken cancellationToken)
    {
        // Lines that are not all objects are one column of this name.
        var isWhole = table.FileColumns is [{ Name: "json" }];
        var keys = isWhole ? "CASE WHEN json IS NOT NULL THEN 1 END"
            : "CASE WHEN json_type(json) = 'OBJECT' THEN 1 + len(json_keys(json)) - len(list_distinct(json_keys(json))) END";
        var faults = table.FileColumns.Where(_ => !isWhole).Select(column =>
        {
            var value = $"json_extract(json, {SqlText.Literal($"$.\"{column.Name}\"")})";
            return $"CASE WHEN {value} IS NOT NULL AND json_type({value}) <> 'NULL' AND TRY_CAST({value} AS {column.Type}) IS "
                + $"NULL THEN {SqlText.Literal(column.Name)} END";
        });
        return session.Query(
            "SELECT number, CASE WHEN keys = 1 THEN fault END, CASE WHEN keys IS NULL THEN 'The line is not a JSON object.' "
            + "WHEN keys > 1 THEN 'The object has a key twice.' ELSE 'The value does not fit the column''s type.' END "
            + $"FROM (SELECT number, keys, CASE WHEN keys = 1 THEN coalesce({string.Join(", ", faults.DefaultIfEmpty("NULL"))}) "
            + "END AS fault "
            + $"FROM (SELECT number, json, {keys} AS keys "
            + $"FROM (SELECT row_number() OVER () - 1 AS number, TRY_CAST(line AS JSON) AS json FROM {table.LinesSql()}))) "
            + "WHERE fault IS NOT NULL OR keys IS DISTINCT FROM 1 ORDER BY number",
            row => new Reject(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2)),
            cancellationToken);
    }

    // Walks the sources once more to find where the faulty records stand.
    private static List<StagedBadRow> Locate(StagedTable table, List<Reject> rejects, CancellationToken cancellationToken)
    {
        if (rejects.Count == 0)
        {
            return [];
        }

        var sink = new Locator(table, rejects);
        var splitter = new RecordSplitter(null);
        foreach (var slice in table.Slices)
        {
            sink.Enter(slice);
            using var stream = SourceStreams.OpenRecords(slice, table.Scan.Format);
            RecordPump.Pump(stream, splitter, sink, cancellationToken);
        }

        return sink.Found;
    }

    private sealed class Locator(StagedTable table, List<Reject> rejects) : IRecordSink
    {
        private readonly Dictionary<long, Reject> _byRecord = rejects.ToDictionary(reject => reject.Record);
        private FileSlice _slice = table.Slices[0];
        private long _base;
        private long _line;
        private long _record;
        private long _staged;

        public List<StagedBadRow> Found { get; } = [];

        public void Enter(FileSlice slice)
        {
            _slice = slice;
            _line = slice.FirstLine;
            _base = slice.OriginPath is not null ? slice.OriginOffset
                : slice.Inflated?.Start
                ?? (slice.File.Compression == SourceCompression.None ? slice.Start : slice.File.DataStart);
        }

        public void PlainLines(ReadOnlySpan<byte> text, long offset)
        {
            while (!text.IsEmpty)
            {
                var end = text.IndexOf((byte)'\n');
                Record(text[..(end + 1)], end, offset);
                offset += end + 1;
                text = text[(end + 1)..];
            }
        }

        public void Record(ReadOnlySpan<byte> raw, int contentLength, long offset)
        {
            var number = _record++;
            if (!table.Skipped.Contains(number) && _byRecord.TryGetValue(_staged++, out var reject))
            {
                Found.Add(Describe(number, reject, System.Text.Encoding.UTF8.GetString(raw[..contentLength]), _base + offset));
            }

            _line += LineCounter.Count(raw);
        }

        public void Blank(ReadOnlySpan<byte> raw, long offset) => _line += LineCounter.Count(raw);

        private StagedBadRow Describe(long number, Reject reject, string raw, long offset) => new(
            table, number, new BadRow(
                _slice.OriginPath ?? _slice.File.Stamp.Path, _line, offset, reject.Column, null,
                table.FileColumns.FirstOrDefault(column => column.Name == reject.Column)?.Type, reject.Reason, raw));
    }
}
