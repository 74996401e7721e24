using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Values;

/// <summary>
/// The one writer of values as JSON, for results, NDJSON and nested values in CSV, at every depth: expressions that the engine
/// evaluates. Whole numbers within 2^53 are numbers, larger ones and decimals with a scale are strings with all their digits; NaN
/// and infinities are strings; times are ISO 8601; BLOBs are base64. <see cref="JsonValueReader"/> reads it back.
/// </summary>
internal static class JsonValues
{
    // Clients that read numbers as doubles would read another one beyond.
    private const string LargestExact = "9007199254740992";
    private const int ExactDigits = 15;

    /// <summary>Text of a value as JSON, on one line; NULL where the value is.</summary>
    public static string Text(string value, ColumnType type) => Text(value, type, 0);

    /// <summary>Text of a value as JSON; <c>null</c> where the value is NULL.</summary>
    public static string TextOrNull(string value, ColumnType type) => TextOrNull(value, type, 0);

    /// <summary>The rows of a query, each an object with one field for each column.</summary>
    public static string Objects(IReadOnlyList<ColumnSchema> columns, string query) =>
        Rows(columns, query, "{", "}", (column, value) => $"{Key(column.Name)}, {value}");

    /// <summary>The rows of a query, each the elements of an array without its brackets.</summary>
    public static string Elements(IReadOnlyList<ColumnSchema> columns, string query) =>
        Rows(columns, query, "", "", (_, value) => value);

    private static string Rows(
        IReadOnlyList<ColumnSchema> columns, string query, string open, string close, Func<ColumnSchema, string, string> part)
    {
        var parts = columns.Select(column => part(column, TextOrNull(SqlText.Name(column.Name), ColumnType.Parse(column.Type))));
        return $"SELECT concat('{open}', {string.Join(", ',', ", parts)}, '{close}') FROM ({query})";
    }

    private static string TextOrNull(string value, ColumnType type, int depth) => $"coalesce({Text(value, type, depth)}, 'null')";

    private static string Text(string value, ColumnType type, int depth)
    {
        // Its fields by brackets: item.key would be a field of a column of that name, if there is one.
        var item = $"x{depth}";
        return type.Kind switch
        {
            ColumnTypeKind.List or ColumnTypeKind.Array =>
                $"'[' || array_to_string(list_transform({value}, lambda {item}: {TextOrNull(item, type.Last, depth + 1)}), ',') "
                    + "|| ']'",
            ColumnTypeKind.Map => $"'{{' || array_to_string(list_transform(map_entries({value}), lambda {item}: "
                + $"{Quoted(KeyText($"{item}['key']", type.Parts[0].Type, depth + 1))} || ':' || "
                + $"{TextOrNull($"{item}['value']", type.Last, depth + 1)}), ',') || '}}'",
            ColumnTypeKind.Struct => $"CASE WHEN {value} IS NOT NULL THEN concat('{{', "
                + $"{string.Join(", ',', ", type.Parts.Select((part, i) => Field(value, part, i, depth)))}, '}}') END",
            ColumnTypeKind.Union => $"CAST(to_json({value}) AS VARCHAR)",
            _ => Scalar(value, type.Name),
        };
    }

    private static string Field(string value, ColumnTypePart part, int index, int depth) =>
        $"{Key(NameOf(part, index))}, {TextOrNull(Extract(value, part, index), part.Type, depth)}";

    private static string Key(string name) =>
        SqlText.Literal(System.Text.Json.JsonSerializer.Serialize(name, JsonNames.Options) + ":");

    private static string Extract(string value, ColumnTypePart part, int index) =>
        $"struct_extract({value}, {(part.Name.Length == 0 ? $"{index + 1}" : SqlText.Literal(part.Name))})";

    private static string NameOf(ColumnTypePart part, int index) => part.Name.Length == 0 ? $"column{index}" : part.Name;

    // Keys are texts in JSON, whatever they are here.
    private static string KeyText(string value, ColumnType type, int depth) =>
        type.IsNested ? Text(value, type, depth)
        : type.Name == "BLOB" ? $"base64({value})"
        : $"CAST({value} AS VARCHAR)";

    private static string Scalar(string value, string type) => type switch
    {
        "BOOLEAN" or "TINYINT" or "SMALLINT" or "INTEGER" or "UTINYINT" or "USMALLINT"
            or "UINTEGER" => $"CAST({value} AS VARCHAR)",
        "BIGINT" or "UBIGINT" or "HUGEINT" or "UHUGEINT" => Whole(value),
        "DOUBLE" or "FLOAT" =>
            $"CASE WHEN isfinite({value}) THEN {Finite($"CAST({value} AS VARCHAR)")} WHEN isnan({value}) THEN '\"NaN\"' "
            + $"WHEN {value} > 0 THEN '\"Infinity\"' WHEN {value} < 0 THEN '\"-Infinity\"' END",
        "BLOB" => $"'\"' || base64({value}) || '\"'",
        "DATE" or "UUID" or "TIME" or "TIME_NS" => $"'\"' || CAST({value} AS VARCHAR) || '\"'",
        "TIMESTAMP" or "TIMESTAMP_S" or "TIMESTAMP_MS"
            or "TIMESTAMP_NS" => $"'\"' || {Time(value, type, $"replace(CAST({value} AS VARCHAR), ' ', 'T')")} || '\"'",
        "TIMESTAMP WITH TIME ZONE" => $"'\"' || {Time(value, type, $"strftime({value}, '%Y-%m-%dT%H:%M:%S.%fZ')")} || '\"'",
        // Line breaks stand between its parts alone, and a line is a row.
        "JSON" => Document($"translate(CAST({value} AS VARCHAR), chr(10) || chr(13), '  ')"),
        _ when Digits(type) is { } digits => digits <= ExactDigits ? $"CAST({value} AS VARCHAR)" : Whole(value),
        _ => Quoted($"CAST({value} AS VARCHAR)"),
    };

    // The engine writes 1 as 1.0; a negative zero needs it.
    private static string Finite(string text) =>
        $"CASE WHEN suffix({text}, '.0') AND {text} <> '-0.0' THEN substring({text}, 1, length({text}) - 2) ELSE {text} END";

    // Not BETWEEN, nor both bounds in one condition: the engine hashes all of these alike when it looks for expressions that are
    // the same, which takes the square of their number. Columns of whole numbers may be thousands.
    private static string Whole(string value)
    {
        var quoted = $"'\"' || CAST({value} AS VARCHAR) || '\"'";
        return $"CASE WHEN {value} > {LargestExact} THEN {quoted} WHEN {value} < -{LargestExact} THEN {quoted} ELSE CAST({value} "
            + "AS VARCHAR) END";
    }

    // ISO 8601 says nothing of infinity, and years before 1 are written as the engine reads them; nanoseconds do not reach so
    // far.
    private static string Time(string value, string type, string iso) =>
        $"CASE WHEN isfinite({value}){(type == "TIMESTAMP_NS" ? "" : $" AND {value} >= CAST('0001-01-01' AS {type})")} THEN "
        + $"{iso} ELSE CAST({value} AS VARCHAR) END";

    // The engine's own JSON may hold NaN and Infinity, which JSON has not: such a value is its text. Outside of strings only they
    // have capitals other than an exponent's.
    private static string Document(string text) =>
        $"CASE WHEN (contains({text}, 'NaN') OR contains({text}, 'Infinity')) "
        + $"AND regexp_matches(regexp_replace({text}, '\"(?:[^\"\\\\]|\\\\.)*\"', '', 'g'), '[NI]') THEN {Quoted(text)} ELSE "
        + $"{text} END";

    private static string Quoted(string text) => $"CAST(to_json({text}) AS VARCHAR)";

    // Digits of a DECIMAL without a scale.
    private static int? Digits(string type) =>
        type.StartsWith("DECIMAL(", StringComparison.Ordinal) && type.EndsWith(",0)", StringComparison.Ordinal)
            ? int.Parse(type["DECIMAL(".Length..^3], System.Globalization.CultureInfo.InvariantCulture)
            : null;
}
