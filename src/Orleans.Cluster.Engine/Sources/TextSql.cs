using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Calls of the engine's text readers over staged files. Everything is said, nothing is found out.</summary>
internal static class TextSql
{
    private const int DefaultMaxLine = 2 << 20;

    // The engine takes sixteen lines by default: 32 MiB, which leave the processor's cache before they are parsed, and fresh
    // pages for each.
    private const long LinesPerBuffer = 4;

    /// <summary>A table expression over a staged file of records.</summary>
    /// <param name="path">The staged file.</param>
    /// <param name="dialect">Null for NDJSON.</param>
    /// <param name="columns">Columns of the file, in its order.</param>
    /// <param name="longestRecord">Upper bound for a record's bytes.</param>
    /// <param name="storeRejects">
    /// Whether bad rows are noted in <c>reject_errors</c> instead of ending the query. Delimited text only.
    /// </param>
    public static string Read(
        string path, TextDialect? dialect, IReadOnlyList<ColumnSchema> columns, int longestRecord, bool storeRejects = false)
    {
        var types = string.Join(", ", columns.Select(c => $"{SqlText.Literal(c.Name)}: {SqlText.Literal(c.Type)}"));
        var line = Math.Max(DefaultMaxLine, longestRecord + 1024);
        if (dialect is null)
        {
            // A record of no known key is a row of NULLs. Left to itself, the engine takes it for the value of an only column,
            // which is right where the planned one is the record itself.
            var records = columns is [{ Name: "json" }] ? "auto" : "true";
            return $"read_json({SqlText.Literal(path)}, format = 'newline_delimited', columns = {{{types}}}, "
                + $"records = '{records}', auto_detect = false, maximum_object_size = {Math.Max(16 << 20, line)})";
        }

        var nulls = string.Join(", ", (dialect.NullValues.Count == 0 ? [""] : dialect.NullValues).Select(SqlText.Literal));
        var buffers = $"max_line_size = {line}, buffer_size = {line * LinesPerBuffer}";
        return $"read_csv({SqlText.Literal(path)}, columns = {{{types}}}, auto_detect = false, header = false, "
            + $"delim = {SqlText.Literal(dialect.Delimiter)}, quote = {SqlText.Literal(dialect.Quote)}, "
            + $"escape = {SqlText.Literal(dialect.Escape)}, new_line = '\\n', nullstr = [{nulls}], allow_quoted_nulls = false, "
            + $"decimal_separator = {SqlText.Literal(dialect.Decimal)}, strict_mode = true, {buffers}"
            + $"{(storeRejects ? ", store_rejects = true, rejects_limit = 0" : "")})";
    }

    // Structs are cast by the names of their fields; those that no name tells apart are taken by their places first.
    private static string Renamed(ColumnSchema own, ColumnSchema column) => own.Type.Contains("STRUCT", StringComparison.Ordinal)
        ? NestedNames.Read(SqlText.Name(own.Name), ColumnType.Parse(own.Type), NestedNames.Mend(ColumnType.Parse(own.Type)))
        : SqlText.Name(own.Name);

    /// <summary>The dataset's columns out of a file that has some of them, under other types, or as folders.</summary>
    public static string Select(IReadOnlyList<ColumnSchema> dataset, SourceFile file, bool readAsDataset)
    {
        var found = (file.Columns ?? dataset).ToDictionary(c => c.Name, c => c, StringComparer.OrdinalIgnoreCase);
        return string.Join(", ", dataset.Select(column => Expression(column)));

        string Expression(ColumnSchema column)
        {
            var name = SqlText.Name(column.Name);
            if (file.HiveValues?.TryGetValue(column.Name, out var value) == true)
            {
                var literal = value == FolderName.NullValue ? "NULL" : SqlText.Literal(value);
                return $"CAST({literal} AS {column.Type}) AS {name}";
            }

            if (!found.TryGetValue(column.Name, out var own))
            {
                return $"CAST(NULL AS {column.Type}) AS {name}";
            }

            return readAsDataset || own.Type == column.Type
                ? $"{SqlText.Name(own.Name)} AS {name}"
                : $"CAST({Renamed(own, column)} AS {column.Type}) AS {name}";
        }
    }
}
