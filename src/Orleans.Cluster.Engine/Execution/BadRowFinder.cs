using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>A row that does not fit the schema, and where it stands in its source.</summary>
/// <param name="Table">The staged table that it is in.</param>
/// <param name="Record">Its number among the table's records, those set aside counted, from 0.</param>
/// <param name="Path">Source file.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Offset">Byte offset in the (inflated) source.</param>
/// <param name="Column">Column, where one is at fault.</param>
/// <param name="Value">Its value.</param>
/// <param name="Expected">Type that it should have.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Raw">The record as it stands.</param>
internal sealed record BadRow(
    StagedTable Table, long Record, string Path, long Line, long Offset, string? Column, string? Value, string? Expected, string Reason, string Raw)
{
    private const int Shown = 200;

    /// <summary>One line for people.</summary>
    public string Describe()
    {
        var column = Column is null ? "" : $", column '{Column}'";
        var value = Value is null ? "" : $": value '{Short(Value)}'{(Expected is null ? "" : $" is no {Expected}")}";
        return $"{Path}, line {Line}, byte {Offset}{column}{value}. {Reason} Row: {Short(Raw)}";
    }

    private static string Short(string text) => text.Length <= Shown ? text : text[..Shown] + "...";
}

/// <summary>After a query has failed, looks for the rows of delimited text or NDJSON that do not fit, all of them at once.</summary>
internal static class BadRowFinder
{
    public static IReadOnlyList<BadRow> Find(TaskSpec task, TaskInputs inputs, CancellationToken cancellationToken)
    {
        var found = new List<BadRow>();
        foreach (var table in inputs.StagedTables)
        {
            using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { MemoryBytes = inputs.EngineMemoryBytes, Files = [table.File.Path] });
            var rejects = table.Dialect is null ? NdjsonRejects(session, table, cancellationToken) : TextRejects(session, table, cancellationToken);
            found.AddRange(Locate(table, rejects, cancellationToken));
        }

        return found;
    }

    /// <summary>A fault of one staged record; <paramref name="Record"/> counts records of the staged file.</summary>
    private sealed record Reject(long Record, string? Column, string Reason);

    // Reading every column, so that each is converted; the engine notes what it cannot read.
    private static List<Reject> TextRejects(DuckDbSession session, StagedTable table, CancellationToken cancellationToken)
    {
        var names = SqlText.Names(table.FileColumns.Select(column => column.Name));
        session.Execute($"SELECT max(hash({names})) FROM {table.ReadSql(storeRejects: true)}", cancellationToken);
        return session.Query(
            "SELECT line, any_value(column_name ORDER BY column_idx), any_value(error_message ORDER BY column_idx) FROM reject_errors GROUP BY line ORDER BY line",
            row => new Reject(
                Convert.ToInt64(row.GetValue(0), System.Globalization.CultureInfo.InvariantCulture) - 1,
                row.IsDBNull(1) ? null : row.GetString(1), FirstLine(row.GetString(2))),
            cancellationToken);
    }

    private static List<Reject> NdjsonRejects(DuckDbSession session, StagedTable table, CancellationToken cancellationToken)
    {
        // Lines that are not all objects are one column of this name.
        var isWhole = table.FileColumns is [{ Name: "json" }];
        var keys = isWhole ? "CASE WHEN json IS NOT NULL THEN 1 END"
            : "CASE WHEN json_type(json) = 'OBJECT' THEN 1 + len(json_keys(json)) - len(list_distinct(json_keys(json))) END";
        var faults = table.FileColumns.Where(_ => !isWhole).Select(column =>
        {
            var value = $"json_extract(json, {SqlText.Literal($"$.\"{column.Name}\"")})";
            return $"CASE WHEN {value} IS NOT NULL AND json_type({value}) <> 'NULL' AND TRY_CAST({value} AS {column.Type}) IS NULL THEN {SqlText.Literal(column.Name)} END";
        });
        return session.Query(
            "SELECT number, CASE WHEN keys = 1 THEN fault END, CASE WHEN keys IS NULL THEN 'The line is no JSON object.' "
            + "WHEN keys > 1 THEN 'The object has a key twice.' ELSE 'The value does not fit the column''s type.' END "
            + $"FROM (SELECT number, keys, CASE WHEN keys = 1 THEN coalesce({string.Join(", ", faults.DefaultIfEmpty("NULL"))}) END AS fault "
            + $"FROM (SELECT number, json, {keys} AS keys "
            + $"FROM (SELECT row_number() OVER () - 1 AS number, TRY_CAST(line AS JSON) AS json FROM {table.LinesSql()}))) "
            + "WHERE fault IS NOT NULL OR keys IS DISTINCT FROM 1 ORDER BY number",
            row => new Reject(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2)),
            cancellationToken);
    }

    // Walks the sources once more to find where the faulty records stand.
    private static List<BadRow> Locate(StagedTable table, List<Reject> rejects, CancellationToken cancellationToken)
    {
        if (rejects.Count == 0)
        {
            return [];
        }

        var sink = new Locator(table, rejects);
        var splitter = new RecordSplitter(table.Dialect);
        foreach (var slice in table.Slices)
        {
            sink.Enter(slice);
            using var stream = SourceStreams.OpenRecords(slice, table.Scan.Format);
            RecordPump.Pump(stream, splitter, sink, cancellationToken);
        }

        return sink.Found;
    }

    private static string FirstLine(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var line = (end < 0 ? text : text[..end]).Trim();
        var sentence = line.EndsWith('.') ? line : line + ".";
        return sentence.Contains("unicode", StringComparison.OrdinalIgnoreCase)
            ? $"{sentence} If the file is in another encoding, say so in options.encoding (latin-1, windows-1252, utf-16)."
            : sentence;
    }

    private sealed class Locator(StagedTable table, List<Reject> rejects) : IRecordSink
    {
        private readonly Dictionary<long, Reject> _byRecord = rejects.ToDictionary(reject => reject.Record);
        private FileSlice _slice = table.Slices[0];
        private long _base;
        private long _line;
        private long _record;
        private long _staged;

        public List<BadRow> Found { get; } = [];

        public void Enter(FileSlice slice)
        {
            _slice = slice;
            _line = slice.FirstLine;
            _base = slice.OriginPath is not null ? slice.OriginOffset
                : slice.Inflated?.Start ?? (slice.File.Compression == SourceCompression.None ? slice.Start : slice.File.DataStart);
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

        private BadRow Describe(long number, Reject reject, string raw, long offset)
        {
            var index = table.FileColumns.ToList().FindIndex(column => column.Name == reject.Column);
            string? value = null;
            if (index >= 0 && table.Dialect is { } dialect)
            {
                var fields = Probing.FieldSplitter.Split(raw, dialect.Delimiter, dialect.Quote, dialect.Escape);
                value = index < fields.Count ? fields[index].Text : null;
            }

            return new BadRow(
                table, number, _slice.OriginPath ?? _slice.File.Stamp.Path, _line, offset, reject.Column, value,
                value is null ? null : table.FileColumns[index].Type, reject.Reason, raw);
        }
    }
}
