using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using static Orleans.Cluster.Cli.Commands.Json;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>
/// A job from flags, or from a file with flags laid over it. What comes out is JSON as a user would write it: whether it is right
/// is the gateway's to say, so that the command line and curl get the same answer.
/// </summary>
internal sealed class JobFlags
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true,
    };

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

    private readonly Option<string?> file = Text(
        "--file", "A job in JSON; - reads standard input. Flags change it", "path", "-f");
    private readonly Option<string[]> path = List("--path", "Input file or glob inside the data roots", "path");
    private readonly SourceFlags source = new();
    private readonly Option<string?> left = Text("--left", "With join: name of the left input; the first when absent", "name");
    private readonly Option<string?> right = Text(
        "--right", "With join: name of the right input; the second when absent", "name");
    private readonly Option<string[]> on = List(
        "--on", "With join: key columns, separated by commas; left=right where names differ", "columns");
    private readonly Option<string?> how = Text("--how", "With join: INNER, LEFT, RIGHT, FULL, SEMI or ANTI", "kind");
    private readonly Option<string[]> groupBy = List("--group-by", "Columns, separated by commas", "columns");
    private readonly Option<string[]> aggregates = List(
        "--agg", "function:column[:name]; count; quantile_cont(0.9):column; count_distinct:column", "spec");
    private readonly Option<string[]> columns = List("--columns", "Columns of the result, separated by commas", "columns");
    private readonly Option<string?> where = Text("--where", "Condition on rows, SQL", "condition");
    private readonly Option<string?> having = Text("--having", "Condition on groups, SQL", "condition");
    private readonly Option<string[]> orderBy = List("--order-by", "column[:desc], separated by commas", "keys");
    private readonly Option<long?> limit = new("--limit") { Description = "At most so many rows", HelpName = "rows" };
    private readonly Option<string?> sql = Text("--sql", "One SELECT over source; the operation is sql", "query");
    private readonly Option<string[]> parameters = List("--param", "Any other parameter: name=JSON or name=text", "name=value");
    private readonly Option<string?> output = Text(
        "--output", "Folder for the result inside the data roots; kept with the job when absent", "path");
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
        operation, text, file, path, .. source.Symbols, groupBy, aggregates, columns, where, having, orderBy, limit, left, right,
        on, how, sql,
        parameters, .. Settings,
    ];

    /// <summary>What every kind of job can have: where its result goes, its name, priority, resources and labels.</summary>
    public IEnumerable<Symbol> Settings =>
        [output, outputFormat, outputMode, name, priority, targetBytes, memory, onBadRow, labels];

    /// <summary>What can be changed of a job that is submitted again.</summary>
    public IEnumerable<Symbol> Changes =>
    [
        path, .. source.Symbols, groupBy, aggregates, columns, where, having, orderBy, limit, left, right, on, how, sql,
        parameters, .. Settings,
    ];

    /// <summary>How its files are read.</summary>
    public SourceFlags Source => source;

    /// <summary>The job as JSON.</summary>
    /// <exception cref="UsageException">A flag cannot be read, or there is neither a file nor an operation.</exception>
    public string ToJson(Session session)
    {
        var parsed = session.Parsed;
        var job = parsed.GetValue(file) is { } from ? ReadFile(session, from) : [];
        var query = parsed.GetValue(text) ?? parsed.GetValue(sql);
        if (parsed.GetValue(text) is { } extra && parsed.GetValue(operation) != "sql")
        {
            throw new UsageException($"Only `sql` takes a query; '{extra}' was given to `{parsed.GetValue(operation)}`.");
        }

        Set(job, "operation", parsed.GetValue(operation) ?? (query is null ? null : "sql"));
        if (!job.ContainsKey("operation"))
        {
            throw new UsageException("Name an operation, or give a job with --file, or a query with --sql.");
        }

        return LayOver(job, parsed, query);
    }

    /// <summary>A job with <see cref="Changes"/> laid over it, as JSON.</summary>
    /// <exception cref="UsageException">A flag cannot be read.</exception>
    public string LayOver(JsonObject job, ParseResult parsed) => LayOver(job, parsed, parsed.GetValue(sql));

    private string LayOver(JsonObject job, ParseResult parsed, string? query)
    {
        source.Apply(job, parsed, parsed.GetValue(path) ?? []);
        SetParameters(job, parsed, query);
        ApplySettings(job, parsed);
        return job.ToJsonString();
    }

    /// <summary>Lays <see cref="Settings"/> over a job.</summary>
    /// <exception cref="UsageException">A flag cannot be read.</exception>
    public void ApplySettings(JsonObject job, ParseResult parsed)
    {
        Set(job, "name", parsed.GetValue(name));
        Set(job, "priority", Upper(parsed.GetValue(priority)));
        Set(job, "onBadRow", Upper(parsed.GetValue(onBadRow)));
        SetIn(job, "output", "path", parsed.GetValue(output));
        SetIn(job, "output", "format", Upper(parsed.GetValue(outputFormat)));
        SetIn(job, "output", "mode", Upper(parsed.GetValue(outputMode)));
        SetIn(job, "partitioning", "targetBytes", Bytes(parsed, targetBytes));
        SetIn(job, "resources", "memoryBytes", Bytes(parsed, memory));
        foreach (var label in parsed.GetValue(labels) ?? [])
        {
            var (key, value) = Pair(label, labels.Name);
            SetIn(job, "labels", key, value);
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
        SetJoin(job, parsed);
        foreach (var parameter in parsed.GetValue(parameters) ?? [])
        {
            var (key, value) = Pair(parameter, parameters.Name);
            SetIn(job, Key, key, JsonOrText(value));
        }
    }

    private void SetJoin(JsonObject job, ParseResult parsed)
    {
        const string Key = "parameters";
        var keys = Array(Parted(parsed.GetValue(on)), key => key.Split('=', 2) is [var mine, var theirs]
            ? new JsonObject { ["left"] = mine, ["right"] = theirs }
            : new JsonObject { ["left"] = key, ["right"] = key });
        SetIn(job, Key, "on", keys);
        SetIn(job, Key, "how", Upper(parsed.GetValue(how)));
        var names = source.Names(parsed);
        var isJoin = job["operation"] is JsonValue word && word.TryGetValue<string>(out var operation) && operation == "join";
        SetIn(job, Key, "left", parsed.GetValue(left) ?? (isJoin && names.Count == 2 ? names[0] : null));
        SetIn(job, Key, "right", parsed.GetValue(right) ?? (isJoin && names.Count == 2 ? names[1] : null));
    }

    private static JsonObject ReadFile(Session session, string from)
    {
        var text = ReadText(session, from);
        try
        {
            return JsonNode.Parse(text, documentOptions: Lenient) as JsonObject
                ?? throw new UsageException($"{from} does not hold a JSON object.");
        }
        catch (JsonException exception)
        {
            throw new UsageException(FileFaults.OfJson(exception, from == "-" ? "Standard input" : from, text));
        }
    }

    private static string ReadText(Session session, string from)
    {
        try
        {
            return from == "-" ? session.Console.Input.ReadToEnd() : File.ReadAllText(from);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(FileFaults.Of(failure, from));
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
    internal static (string Key, string Value) Pair(string text, string option)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0
            ? (text[..at], text[(at + 1)..])
            : throw new UsageException($"'{text}' of {option} is not of the form name=value.");
    }

    /// <exception cref="UsageException">It is not a size.</exception>
    internal static long Size(string text, string option) => Quantities.TryParseBytes(text, out var bytes)
        ? bytes
        : throw new UsageException($"'{text}' of {option} is not a size. Write 104857600, 100MB or 64MiB.");

    private static JsonNode? Bytes(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } text ? JsonValue.Create(Size(text, option.Name)) : null;

    private static JsonArray? Names(string[]? given) => Array(Parted(given), item => item);

    private static JsonArray? Array(string[]? given, Func<string, JsonNode?> make) =>
        given is { Length: > 0 } ? new JsonArray([.. given.Select(make)]) : null;

    private static string[] Parted(string[]? given) =>
        [.. (given ?? [])
            .SelectMany(item => item.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static string? Upper(string? word) => word?.ToUpper(CultureInfo.InvariantCulture);

    private static Option<string?> Text(string name, string description, string value, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = value };

    private static Option<string[]> List(string name, string description, string value) =>
        new(name)
        {
            Description = description, HelpName = value, AllowMultipleArgumentsPerToken = false, Arity = ArgumentArity.ZeroOrMore,
        };
}
