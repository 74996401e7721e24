using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// DuckDB's own parser and binder: text to tree, tree to text, and result columns of a query over empty tables. It holds one
/// in-memory instance that can reach nothing outside itself, and answers one call at a time.
/// </summary>
public sealed class SqlTree : IDisposable
{
    /// <summary>Longer texts are refused, in characters.</summary>
    public const int MaxTextLength = 1_000_000;

    /// <summary>
    /// Larger trees are refused, in characters: about 30,000 conditions or columns. Every step walks and copies them, and the
    /// engine needs the square of the number of conditions, with all other questions waiting.
    /// </summary>
    public const int MaxTreeLength = 12_000_000;

    private static readonly JsonDocumentOptions TreeOptions = new() { MaxDepth = 2 * SqlTreeGuard.MaxDepth };
    private static readonly JsonNodeOptions NodeOptions = new();
    private static readonly JsonSerializerOptions TextOptions = new() { MaxDepth = 2 * SqlTreeGuard.MaxDepth };
    private readonly DuckDBConnection connection;
    private readonly Lock gate = new();
    private readonly Dictionary<string, IReadOnlyList<ColumnSchema>> declared = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<string>? functions;

    /// <summary>Opens the instance.</summary>
    public SqlTree()
    {
        connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        foreach (var setting in (IEnumerable<string>)
        [
            "SET threads = 1", "SET memory_limit = '256MB'", "SET temp_directory = ''",
            "SET autoinstall_known_extensions = false",
            "SET autoload_known_extensions = false", "SET enable_external_access = false",
            "SET lock_configuration = true",
            $"CREATE MACRO {TaskSpec.PartitionFunction}() AS CAST(0 AS BIGINT)",
            .. Recursion.CreateSequences,
        ])
        {
            Execute(setting);
        }
    }

    /// <summary>
    /// Parses exactly one SELECT; the tree holds nothing that a query may not (see <see cref="SqlTreeGuard"/>).
    /// </summary>
    /// <exception cref="ClusterException">
    /// <c>query-invalid</c>: no SELECT, several statements, or something that is refused.
    /// </exception>
    public string Parse(string sql)
    {
        ArgumentNullException.ThrowIfNull(sql);
        if (sql.Length > MaxTextLength || sql.Contains('\0', StringComparison.Ordinal))
        {
            throw Invalid($"A query has at most {MaxTextLength} characters, none of them NUL.");
        }

        var text = Scalar("SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR)", sql);
        if (text.Length > MaxTreeLength)
        {
            throw Invalid(
                "The query has too many parts: at most about 30,000 conditions or columns. Join with a table of the values "
                + "instead.");
        }

        var tree = ReadTree(text);
        if (tree["error"]?.GetValue<bool>() != false)
        {
            var isOther = tree["error_type"]?.GetValue<string>() == "not implemented";
            throw Invalid(
                isOther && sql.Contains("PIVOT", StringComparison.OrdinalIgnoreCase)
                    ? "PIVOT needs the values of its keys in the query: ON key IN ('a', 'b'). For values that only the data "
                    + "tells, use the operation pivot."
                : isOther && SqlStatements.Other(sql) is { } other ? $"A query is exactly one SELECT; {other} is not allowed."
                : SqlPlace.Mark(
                    (tree["error_message"]?.GetValue<string>() ?? "The query cannot be parsed.") + SqlStatements.Misspelt(sql),
                    sql, tree["position"]?.GetValue<string>()));
        }

        var statements = (JsonArray)tree["statements"]!;
        if (statements.Count != 1)
        {
            throw Invalid(statements.Count == 0
                ? "The query is empty. Write one SELECT."
                : $"A query is exactly one SELECT; these are {statements.Count} statements.");
        }

        SqlTreeGuard.Check(statements, sql, IsFunction);
        CheckSeries(statements);
        return SqlTreeNames.Unqualify(statements) ? tree.ToJsonString(TextOptions) : text;
    }

    /// <summary>Turns a tree into text.</summary>
    /// <exception cref="ClusterException"><c>query-invalid</c>: this is no tree.</exception>
    public string Render(string tree)
    {
        ArgumentNullException.ThrowIfNull(tree);
        return SqlTreePrinter.WithCounts(
            new SqlTreePrinter(text => Scalar("SELECT json_deserialize_sql(CAST($1 AS JSON))", text)).Print(tree, ReadTree));
    }

    /// <summary>Result columns of a query over empty tables, in order.</summary>
    /// <exception cref="ClusterException"><c>query-invalid</c> with the engine's words.</exception>
    public IReadOnlyList<ColumnSchema> Bind(IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables, string sql)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(sql);
        lock (gate)
        {
            Declare(tables);
            return Describe(sql);
        }
    }

    // A plan asks about the same tables again and again; one of 20,000 columns takes a third of a second to make.
    private void Declare(IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables)
    {
        foreach (var (name, columns) in declared.ToList())
        {
            if (!tables.TryGetValue(name, out var wanted) || !wanted.SequenceEqual(columns))
            {
                Execute($"DROP TABLE {SqlText.Name(name)}");
                declared.Remove(name);
            }
        }

        foreach (var (name, columns) in tables.Where(table => !declared.ContainsKey(table.Key)))
        {
            Execute($"CREATE TABLE {SqlText.Name(name)} ("
                + $"{string.Join(", ", columns.Select(c => $"{SqlText.Name(c.Name)} {c.Type}"))})");
            declared[name] = columns;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => connection.Dispose();

    // Series are counted by the engine, which alone knows how many steps there are between two times; it stops behind the bound.
    private void CheckSeries(JsonNode statements)
    {
        long rows = 0;
        foreach (var (function, table) in SqlSeries.Of(statements))
        {
            var all = Render(SqlTreePrinter.SelectAll(table).ToJsonString(TextOptions));
            try
            {
                rows += CountRows(all);
            }
            catch (ClusterException unbound) when (unbound.Code == ProblemCode.QueryInvalid)
            {
                throw Invalid(
                    $"{function} in the place of a table needs constants ({unbound.Message.Split('\n')[0]}). "
                    + $"For a series that depends on a row, use unnest({function}(...)) in the select list.");
            }

            if (rows > SqlSeries.MaxRows)
            {
                throw Invalid(
                    $"The series of a query have at most {SqlSeries.MaxRows:N0} rows together; {function} exceeds that.");
            }
        }
    }

    // Over constants alone: what was declared for the last question is no table of this one.
    private long CountRows(string series)
    {
        lock (gate)
        {
            Declare(new Dictionary<string, IReadOnlyList<ColumnSchema>>());
            var count = Scalar($"SELECT CAST(count(*) AS VARCHAR) FROM ({series} LIMIT {SqlSeries.MaxRows + 1})");
            return long.Parse(count, CultureInfo.InvariantCulture);
        }
    }

    private List<ColumnSchema> Describe(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"DESCRIBE {sql}";
        return Guarded(() =>
        {
            using var reader = command.ExecuteReader();
            var columns = new List<ColumnSchema>();
            while (reader.Read())
            {
                columns.Add(new ColumnSchema(reader.GetString(0), reader.GetString(1)));
            }

            return columns;
        });
    }

    private bool IsFunction(string name)
    {
        lock (gate)
        {
            functions ??= Names("SELECT DISTINCT function_name FROM duckdb_functions()");
            return functions.Contains(name);
        }
    }

    private HashSet<string> Names(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private string Scalar(string sql, string? argument = null)
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            if (argument is not null)
            {
                command.Parameters.Add(new DuckDBParameter(argument));
            }

            return Guarded(() => (string)command.ExecuteScalar()!);
        }
    }

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Guarded(command.ExecuteNonQuery);
    }

    private static T Guarded<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (DuckDBException failure)
        {
            throw new ClusterException(ProblemCode.QueryInvalid, EngineMessages.Plain(failure.Message), inner: failure);
        }
    }

    private static JsonNode ReadTree(string text)
    {
        try
        {
            return JsonNode.Parse(text, NodeOptions, TreeOptions)!;
        }
        catch (JsonException failure)
        {
            throw new ClusterException(ProblemCode.QueryInvalid, "The query is nested too deeply.", inner: failure);
        }
    }

    private static ClusterException Invalid(string detail) => new(ProblemCode.QueryInvalid, detail);
}
