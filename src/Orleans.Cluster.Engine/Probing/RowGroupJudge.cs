using System.Data.Common;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Holds a condition against the statistics of row groups. What a footer says is used where it is certain to be about the column
/// that the query means, and to bound its values in the order that the query compares by.
/// </summary>
internal static class RowGroupJudge
{
    private const int Batch = 500;

    // An answer with bounds of more is longer than what it saves.
    private const int MostBounds = 100_000;
    private const int MostBoundBytes = 256;

    // What the footer of a file says of a column: nothing, that all of it is NULL, or its statistics.
    private const char Unknown = '?';
    private const char Absent = '0';
    private const char Usable = 'x';

    // Of these a footer's bounds are in the engine's own order, and their texts are read back without loss. Time stamps of
    // nanoseconds are not among them, nor what has fields.
    private static readonly HashSet<string> Ordered = new(StringComparer.Ordinal)
    {
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE", "VARCHAR",
        "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
    };

    private static readonly string[] Signed = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT"];

    /// <summary>Which row groups are needed.</summary>
    public static JudgedRowGroups Judge(RowGroupQuestion question, CancellationToken cancellationToken)
    {
        using var sources = OpenSources.Begin();
        foreach (var file in question.Files)
        {
            SourceStreams.CheckStamp(file.Stamp);
        }

        var folder = question.Grant is { } grant ? Path.Combine(grant.ScratchFolder, $"{Guid.NewGuid():N}") : "";
        try
        {
            return Judge(question, new ParquetCopies(folder, quota: null), cancellationToken);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static JudgedRowGroups Judge(RowGroupQuestion question, ParquetCopies copies, CancellationToken cancellationToken)
    {
        var alike = ParquetFooters.FindFirstAlike([.. question.Files.Select(file => file.Stamp)], cancellationToken);
        var firsts = question.Files.Zip(alike).Where(pair => pair.First.Stamp.Path == pair.Second)
            .Select(pair => pair.First).ToList();
        copies.BringFooters([.. firsts.Select(file => file.Stamp.Path)], cancellationToken);
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with
        {
            Threads = Environment.ProcessorCount,
            MemoryBytes = 512L << 20,
            Files = [.. firsts.Select(file => OpenSources.Name(copies.LocalOf(file.Stamp.Path)))],
        });
        var judged = new Dictionary<string, List<JudgedRowGroup>>(StringComparer.Ordinal);
        foreach (var files in firsts.Chunk(Batch))
        {
            var names = WrittenNames(session, copies, files, cancellationToken);
            var uses = files.ToLookup(file => string.Concat(
                question.Columns.Select(column => UseOf(question, file, names[file.Stamp.Path], column))));
            foreach (var use in uses)
            {
                Read(session, copies, question, use.Key, [.. use], judged, cancellationToken);
            }
        }

        var all = question.Files
            .Zip(alike, (file, first) => new FileRowGroups(file.Stamp.Path, judged.GetValueOrDefault(first) ?? [])).ToList();
        var count = all.Sum(file => file.Groups.Count);
        return question.WantsBounds
            ? new JudgedRowGroups(count, count <= MostBounds ? all : [])
            : new JudgedRowGroups(count, [.. all.Where(file => file.Groups.Any(group => !group.IsNeeded))]);
    }

    // A name that the engine has mended may be that of another column in the file, and a value that is cast may be refused: such
    // files are read.
    private static char UseOf(RowGroupQuestion question, SourceFile file, IReadOnlyList<string> written, string column)
    {
        var own = file.Columns ?? question.Dataset;
        if (!own.Select(known => known.Name).SequenceEqual(written)
            || own.Any(known => !IsReadAs(known.Type, TypeOf(known.Name))))
        {
            return Unknown;
        }

        return file.HiveValues?.Keys.Contains(column, StringComparer.OrdinalIgnoreCase) == true ? Unknown
            : own.All(known => !IsSame(known.Name, column)) ? Absent
            : Ordered.Contains(TypeOf(column)!) || TypeOf(column)!.StartsWith("DECIMAL", StringComparison.Ordinal) ? Usable
            : Unknown;

        string? TypeOf(string name) => question.Dataset.FirstOrDefault(known => IsSame(known.Name, name))?.Type;
    }

    private static bool IsSame(string name, string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);

    // Whole numbers keep their order in a wider type, and none of them is refused by it.
    private static bool IsReadAs(string own, string? type) =>
        own == type || (Array.IndexOf(Signed, own) is >= 0 and var from && Array.IndexOf(Signed, type) > from);

    // Files of one writer have the same few schemas: each of those is looked at once.
    private static Dictionary<string, IReadOnlyList<string>> WrittenNames(
        DuckDbSession session, ParquetCopies copies, SourceFile[] files, CancellationToken cancellationToken)
    {
        var names = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var known = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        session.Read(
            "SELECT file_name, CAST(to_json(list({name: name, children: coalesce(num_children, 0)})) AS VARCHAR) "
            + $"FROM parquet_schema([{Literals(copies, files)}]) GROUP BY file_name",
            row =>
            {
                var schema = row.GetString(1);
                if (!known.TryGetValue(schema, out var columns))
                {
                    using var nodes = JsonDocument.Parse(schema);
                    columns = known[schema] = ParquetNames.TopLevel([.. nodes.RootElement.EnumerateArray()
                        .Select(node => (node.GetProperty("name").GetString()!, node.GetProperty("children").GetInt64()))]);
                }

                names[copies.OriginOf(OpenSources.PathOf(row.GetString(0)))] = columns;
            },
            cancellationToken);
        return names;
    }

    private static void Read(
        DuckDbSession session, ParquetCopies copies, RowGroupQuestion question, string uses, SourceFile[] files,
        Dictionary<string, List<JudgedRowGroup>> judged, CancellationToken cancellationToken)
    {
        var statistics = question.Columns.Select((column, i) => Statistics(question, column, i, uses[i]));
        session.Read(
            $"SELECT file_name, {RowGroupStatistics.Rows}, group_bytes, ({question.Condition}) IS DISTINCT FROM false, "
            + $"{Bounds(question)} FROM ("
            + $"SELECT file_name, row_group_id, any_value(row_group_num_rows) AS {RowGroupStatistics.Rows}, "
            + $"CAST(sum(total_compressed_size) AS BIGINT) AS group_bytes, {string.Join(", ", statistics)} "
            + $"FROM parquet_metadata([{Literals(copies, files)}]) GROUP BY file_name, row_group_id) "
            + $"WHERE {RowGroupStatistics.Rows} > 0 ORDER BY file_name, row_group_id",
            row =>
            {
                var file = copies.OriginOf(OpenSources.PathOf(row.GetString(0)));
                (judged.TryGetValue(file, out var groups) ? groups : judged[file] = []).Add(
                    new JudgedRowGroup(row.GetInt64(1), row.GetInt64(2), row.GetBoolean(3))
                    {
                        Bounds = row.GetBoolean(4) ? new RowGroupBounds(Text(row, 5), Text(row, 6), row.GetInt64(7)) : null,
                    });
            },
            cancellationToken);
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    // Whether the bounds of the first column are sure, and these: in digits that are in the order of the values, whatever these
    // are.
    private static string Bounds(RowGroupQuestion question)
    {
        if (!question.WantsBounds)
        {
            return "false";
        }

        var (least, greatest) = (Key(RowGroupStatistics.Least(0)), Key(RowGroupStatistics.Greatest(0)));
        var nulls = RowGroupStatistics.Nulls(0);
        return $"coalesce({nulls} = {RowGroupStatistics.Rows} OR ({nulls} IS NOT NULL AND length({least}) <= {MostBoundBytes} "
            + $"AND length({greatest}) <= {MostBoundBytes}), false), {least}, {greatest}, {nulls}";

        static string Key(string bound) =>
            $"CASE WHEN {bound} IS NOT NULL THEN hex(create_sort_key({bound}, 'ASC NULLS LAST')) END";
    }

    // The deprecated bounds of old writers have an order of their own and are not looked at.
    private static string Statistics(RowGroupQuestion question, string column, int number, char use)
    {
        var type = question.Dataset.First(known => IsSame(known.Name, column)).Type;
        var (least, greatest) = (RowGroupStatistics.Least(number), RowGroupStatistics.Greatest(number));
        var nulls = RowGroupStatistics.Nulls(number);
        if (use != Usable)
        {
            return $"CAST(NULL AS {type}) AS {least}, CAST(NULL AS {type}) AS {greatest}, "
                + $"{(use == Absent ? "any_value(row_group_num_rows)" : "CAST(NULL AS BIGINT)")} AS {nulls}";
        }

        // Two columns under one path would be a column with fields and one whose name looks like a path. Bounds of old time
        // stamps and of half floats are in no order that is known.
        var chunk = $"lower(path_in_schema) = lower({SqlText.Literal(column)})";
        var encoding = type.StartsWith("DECIMAL", StringComparison.Ordinal) ? "'INT96'" : "'INT96', 'FIXED_LEN_BYTE_ARRAY'";
        var isOne = $"count(*) FILTER ({chunk}) = 1 AND count(*) FILTER ({chunk} AND type IN ({encoding})) = 0";
        return $"CASE WHEN {isOne} THEN {Bound("stats_min_value", "stats_max_value")} END AS {least}, "
            + $"CASE WHEN {isOne} THEN {Bound("stats_max_value", "stats_min_value")} END AS {greatest}, "
            + $"CASE WHEN {isOne} THEN any_value(stats_null_count) FILTER ({chunk}) END AS {nulls}";

        string Bound(string wanted, string other)
        {
            var value = $"TRY_CAST(any_value({wanted}) FILTER ({chunk}) AS {type})";
            return type switch
            {
                // A bound that is no number says nothing of the other one either.
                "FLOAT" or "DOUBLE" =>
                    $"CASE WHEN NOT isnan({value}) AND NOT isnan(TRY_CAST(any_value({other}) FILTER ({chunk}) AS {type})) THEN "
                        + $"{value} END",
                // Bytes that are no text are shown with backslashes, as a text with backslashes would be.
                "VARCHAR" => $"CASE WHEN NOT contains({value}, '\\') THEN {value} END",
                _ => value,
            };
        }
    }

    private static string Literals(ParquetCopies copies, IEnumerable<SourceFile> files) =>
        string.Join(", ", files.Select(file => OpenSources.Literal(copies.LocalOf(file.Stamp.Path))));
}
