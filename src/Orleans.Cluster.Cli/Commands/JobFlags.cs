using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>
/// A job from flags, or from a file with flags laid over it. What comes out is JSON as a user would write it: whether it is right
/// is the gateway's to say, so that the command line and curl get the same answer.
/// </summary>
internal sealed class JobFlags
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly Argument<string?> operation = new("operation")
    {
        Description = "aggregate, filter, select, convert, distinct, sort, join, sample, profile, melt, pivot or sql",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string?> text = new("query")
    {
        Description = "With sql: one SELECT over source",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> file = Text("--file", "A job in JSON; - reads standard input. Flags change it", "path", "-f");
    private readonly Option<string[]> path = List("--path", "Input file or glob inside the data roots", "path");
    private readonly Option<string?> format = Text("--format", "AUTO, CSV, TSV, PARQUET, JSON or NDJSON", "format");
    private readonly Option<string?> delimiter = Text("--delimiter", "Field delimiter of text", "text");
    private readonly Option<string[]> groupBy = List("--group-by", "Columns, parted by commas", "columns");
    private readonly Option<string[]> aggregates = List("--agg", "function:column[:name]; count; quantile_cont(0.9):column; count_distinct:column", "spec");
    private readonly Option<string[]> columns = List("--columns", "Columns of the result, parted by commas", "columns");
    private readonly Option<string?> where = Text("--where", "Condition on rows, SQL", "condition");
    private readonly Option<string?> having = Text("--having", "Condition on groups, SQL", "condition");
    private readonly Option<string[]> orderBy = List("--order-by", "column[:desc], parted by commas", "keys");
    private readonly Option<long?> limit = new("--limit") { Description = "At most so many rows", HelpName = "rows" };
    private readonly Option<string?> sql = Text("--sql", "One SELECT over source; the operation is sql", "query");
    private readonly Option<string[]> parameters = List("--param", "Any other parameter: name=JSON or name=text", "name=value");
    private readonly Option<string?> output = Text("--output", "Folder for the result inside the data roots; kept with the job when absent", "path");
    private readonly Option<string?> outputFormat = Text("--output-format", "PARQUET, CSV, TSV or NDJSON", "format");
    private readonly Option<string?> outputMode = Text("--output-mode", "ERROR_IF_EXISTS, OVERWRITE or APPEND", "mode");
    private readonly Option<string?> name = Text("--name", "A name for people", "text");
    private readonly Option<string?> priority = Text("--priority", "LOW, NORMAL, HIGH or CRITICAL", "level");
    private readonly Option<string?> targetBytes = Text("--target-bytes", "Size of a partition, for example 64MB", "size");
    private readonly Option<string?> memory = Text("--memory", "Memory of a task, for example 1GiB", "size");
    private readonly Option<string?> onBadRow = Text("--on-bad-row", "FAIL or QUARANTINE", "policy");
    private readonly Option<string[]> labels = List("--label", "Word to find the job by", "key=value");

    public IEnumerable<Symbol> Symbols =>
    [
        operation, text, file, path, format, delimiter, groupBy, aggregates, columns, where, having, orderBy, limit, sql, parameters,
        output, outputFormat, outputMode, name, priority, targetBytes, memory, onBadRow, labels,
    ];

    /// <summary>The job as JSON.</summary>
    /// <exception cref="UsageException">A flag cannot be read, or there is neither a file nor an operation.</exception>
    public string ToJson(Session session)
    {
        var parsed = session.Parsed;
        var job = parsed.GetValue(file) is { } from ? ReadFile(session, from) : [];
        var query = parsed.GetValue(text) ?? parsed.GetValue(sql);
        if (parsed.GetValue(text) is { } extra && parsed.GetValue(operation) != "sql")
        {
            throw new UsageException($"A query stands behind sql alone; '{extra}' is no option of {parsed.GetValue(operation)}.");
        }

        Set(job, "operation", parsed.GetValue(operation) ?? (query is null ? null : "sql"));
        if (!job.ContainsKey("operation"))
        {
            throw new UsageException("Name an operation, or give a job with --file, or a query with --sql.");
        }

        Set(job, "name", parsed.GetValue(name));
        Set(job, "priority", Upper(parsed.GetValue(priority)));
        Set(job, "onBadRow", Upper(parsed.GetValue(onBadRow)));
        SetSource(job, parsed);
        SetParameters(job, parsed, query);
        SetOutput(job, parsed);
        SetIn(job, "partitioning", "targetBytes", Bytes(parsed, targetBytes));
        SetIn(job, "resources", "memoryBytes", Bytes(parsed, memory));
        foreach (var label in parsed.GetValue(labels) ?? [])
        {
            var (key, value) = Pair(label);
            SetIn(job, "labels", key, value);
        }

        return job.ToJsonString();
    }

    private void SetSource(JsonObject job, ParseResult parsed)
    {
        if (parsed.GetValue(path) is { Length: > 0 } paths)
        {
            SetIn(job, "source", "path", new JsonArray([.. paths.Select(item => (JsonNode?)item)]));
        }

        SetIn(job, "source", "format", Upper(parsed.GetValue(format)));
        if (parsed.GetValue(delimiter) is { } text)
        {
            SetIn(Child(job, "source"), "options", "delimiter", text == @"\t" ? "\t" : text);
        }
    }

    private void SetParameters(JsonObject job, ParseResult parsed, string? query)
    {
        const string Key = "parameters";
        var sorts = job["operation"] is JsonValue word && word.TryGetValue<string>(out var operation) && operation == "sort";
        SetIn(job, Key, "groupBy", Names(parsed.GetValue(groupBy)));
        SetIn(job, Key, "aggregates", Array(parsed.GetValue(aggregates), AggregateFlag.ToJson));
        SetIn(job, Key, "columns", Names(parsed.GetValue(columns)));
        SetIn(job, Key, "where", parsed.GetValue(where));
        SetIn(job, Key, "having", parsed.GetValue(having));
        SetIn(job, Key, sorts ? "by" : "orderBy", Array(Parted(parsed.GetValue(orderBy)), OrderKey));
        SetIn(job, Key, "limit", parsed.GetValue(limit) is { } rows ? JsonValue.Create(rows) : null);
        SetIn(job, Key, "query", query);
        foreach (var parameter in parsed.GetValue(parameters) ?? [])
        {
            var (key, value) = Pair(parameter);
            SetIn(job, Key, key, JsonOrText(value));
        }
    }

    private void SetOutput(JsonObject job, ParseResult parsed)
    {
        SetIn(job, "output", "path", parsed.GetValue(output));
        SetIn(job, "output", "format", Upper(parsed.GetValue(outputFormat)));
        SetIn(job, "output", "mode", Upper(parsed.GetValue(outputMode)));
    }

    private static JsonObject ReadFile(Session session, string from)
    {
        var text = from == "-" ? session.Console.Input.ReadToEnd() : File.ReadAllText(from);
        try
        {
            return JsonNode.Parse(text, documentOptions: Lenient) as JsonObject
                ?? throw new UsageException($"{from} does not hold a JSON object.");
        }
        catch (JsonException exception)
        {
            throw new UsageException($"{from} is not JSON: {exception.Message}");
        }
    }

    private static JsonNode OrderKey(string key)
    {
        var parts = key.Split(':');
        var order = new JsonObject { ["column"] = parts[0] };
        if (parts.Length > 1)
        {
            order["descending"] = parts[1].ToLowerInvariant() switch
            {
                "desc" => true,
                "asc" => false,
                _ => throw new UsageException($"'{key}' is not a sort key. Write column, column:asc or column:desc."),
            };
        }

        return order;
    }

    private static JsonNode? JsonOrText(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return value; // A bare word: the parameter is that text.
        }
    }

    /// <exception cref="UsageException">It is not of the form name=value.</exception>
    internal static (string Key, string Value) Pair(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 ? (text[..at], text[(at + 1)..]) : throw new UsageException($"'{text}' is not of the form name=value.");
    }

    private static JsonNode? Bytes(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } text)
        {
            return null;
        }

        return Quantities.TryParseBytes(text, out var bytes)
            ? JsonValue.Create(bytes)
            : throw new UsageException($"'{text}' of {option.Name} is not a size. Write 104857600, 100MB or 64MiB.");
    }

    private static JsonArray? Names(string[]? given) => Array(Parted(given), item => item);

    private static JsonArray? Array(string[]? given, Func<string, JsonNode?> make) =>
        given is { Length: > 0 } ? new JsonArray([.. given.Select(make)]) : null;

    private static string[] Parted(string[]? given) =>
        [.. (given ?? []).SelectMany(item => item.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static string? Upper(string? word) => word?.ToUpper(CultureInfo.InvariantCulture);

    private static void Set(JsonObject into, string key, JsonNode? value)
    {
        if (value is not null)
        {
            into[key] = value;
        }
    }

    private static void SetIn(JsonObject job, string parent, string key, JsonNode? value)
    {
        if (value is not null)
        {
            Child(job, parent)[key] = value;
        }
    }

    private static JsonObject Child(JsonObject job, string key)
    {
        if (job[key] is not JsonObject child)
        {
            job[key] = child = [];
        }

        return child;
    }

    private static Option<string?> Text(string name, string description, string value, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = value };

    private static Option<string[]> List(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value, AllowMultipleArgumentsPerToken = false, Arity = ArgumentArity.ZeroOrMore };
}
