using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>
/// How files are read: the same options on every command that reads some. They become a job's <c>source</c> or <c>sources</c>.
/// </summary>
internal sealed partial class SourceFlags
{
    private readonly Option<string[]> sources = List(
        "--source", "A named input, name=path; the query or the join calls it so. Several paths may have one name", "name=path",
        "-t", "--table");
    private readonly Option<string?> format = Text(
        "--format", "AUTO, CSV, TSV, PARQUET, JSON, NDJSON, ...; found out when absent", "format");
    private readonly Option<string?> delimiter = Text(
        "--delimiter", @"Field delimiter of text; \t is a tab, whitespace is runs of spaces", "text");
    private readonly Option<bool> noHeader = new("--no-header") { Description = "The first line holds values, not names" };
    private readonly Option<bool> header = new("--header") { Description = "The first line holds names" };
    private readonly Option<string[]> nulls = List("--null", "A word that means NULL, for example NA; may be repeated", "word");
    private readonly Option<string?> encoding = Text("--encoding", "utf-8, utf-16, latin-1 or windows-1252", "name");
    private readonly Option<string?> comment = Text(
        "--comment", "Lines before the header that begin with this are skipped", "text");
    private readonly Option<string?> quote = Text("--quote", "Quote character; an empty text for none", "character");
    private readonly Option<string[]> types = List(
        "--type", "A column's type, for example count=BIGINT; may be repeated", "column=type");
    private readonly Option<int?> skip = new("--skip")
    {
        Description = "Lines to leave out at the beginning", HelpName = "lines",
    };

    private readonly Option<int?> headerLines = new("--header-lines")
    {
        Description = "Lines of the header, of which the first has the names", HelpName = "lines",
    };

    private readonly Option<string?> point = Text("--decimal", "Decimal separator of numbers: . or ,", "character");
    private readonly Option<string?> escape = Text(
        "--escape", "Escape character within quotes; the quote itself when absent", "character");
    private readonly Option<string?> compression = Text("--compression", "AUTO, NONE, GZIP, BGZF or ZSTD", "how");
    private readonly Option<bool?> hive = new("--hive-partitioning")
    {
        Description = "Whether key=value folders are columns (true or false); found out when absent", HelpName = "true|false",
    };

    private readonly Option<string?> unknownKeys = Text(
        "--unknown-keys", "JSON keys that the sample did not have: CONFLICT, BAD_ROW or IGNORE", "how");
    private readonly Option<string?> union = Text(
        "--union", "STRICT, BY_NAME (a column that a file lacks is NULL there) or WIDEN (types are widened too)", "how");

    public IEnumerable<Symbol> Symbols =>
        [
            sources, format, delimiter, noHeader, header, headerLines, nulls, encoding, comment, quote, escape, point, types,
            skip, union, compression, hive, unknownKeys,
        ];

    /// <summary>Lays the flags over a job. Paths that have no name are its <c>source</c>.</summary>
    /// <exception cref="UsageException">A flag cannot be read, or two contradict each other.</exception>
    public void Apply(JsonObject job, ParseResult parsed, IReadOnlyList<string> paths)
    {
        var (unnamed, named) = Sources(parsed, paths);
        if (unnamed.Count > 0 && named.Count > 0)
        {
            throw new UsageException($"Give every input a name, as in --source t={unnamed[0]}, or none.");
        }

        if (unnamed.Count > 0)
        {
            Json.Child(job, "source")["path"] = Paths(unnamed);
        }

        foreach (var (name, its) in named)
        {
            Json.Child(Json.Child(job, "sources"), name)["path"] = Paths(its);
        }

        foreach (var source in ReadSources(job, parsed))
        {
            Dialect(source, parsed);
        }
    }

    /// <summary>Names in the order in which they were first given.</summary>
    public IReadOnlyList<string> Names(ParseResult parsed) => [.. Sources(parsed, []).Named.Select(pair => pair.Name)];

    private (List<string> Unnamed, List<(string Name, List<string> Paths)> Named) Sources(
        ParseResult parsed, IReadOnlyList<string> paths)
    {
        var unnamed = paths.ToList();
        var named = new List<(string Name, List<string> Paths)>();
        foreach (var item in parsed.GetValue(sources) ?? [])
        {
            if (Part(item) is not var (name, path))
            {
                unnamed.Add(item);
                continue;
            }

            var known = named.FindIndex(pair => pair.Name == name);
            if (known < 0)
            {
                named.Add((name, [path]));
            }
            else
            {
                named[known].Paths.Add(path);
            }
        }

        return (unnamed, named);
    }

    // A path may hold '=' too (key=value folders); a name is one word. What has no sign of a path was meant as a name.
    private static (string Name, string Path)? Part(string item)
    {
        var at = item.IndexOf('=', StringComparison.Ordinal);
        var name = at < 0 ? item : item[..at];
        if (PathSign().IsMatch(name))
        {
            return null;
        }

        if (name.Length == 0 || !name.All(c => char.IsLetterOrDigit(c) || c == '_'))
        {
            throw new UsageException(
                $"'{name}' of --source is not a name: letters, digits and _ alone. Write --source NAME=PATH; "
                + $"for a file of that name write ./{item}.");
        }

        return at < 0 || at == item.Length - 1
            ? throw new UsageException($"'{item}' of --source has no path. Write --source {name}=PATH.")
            : (name, item[(at + 1)..]);
    }

    private IEnumerable<JsonObject> ReadSources(JsonObject job, ParseResult parsed)
    {
        if (job["sources"] is JsonObject several)
        {
            return [.. several.Select(pair => pair.Value).OfType<JsonObject>()];
        }

        if (job["source"] is JsonObject single)
        {
            return [single];
        }

        // A file that the query itself names is read as it is found.
        return HasDialect(parsed)
            ? throw new UsageException(
                "Options that say how an input is read need an input: name it with -t NAME=PATH, and write NAME in the query.")
            : [];
    }

    private bool HasDialect(ParseResult parsed)
    {
        var probe = new JsonObject();
        Dialect(probe, parsed);
        return probe.Count > 0;
    }

    private void Dialect(JsonObject source, ParseResult parsed)
    {
        if (parsed.GetValue(header) && parsed.GetValue(noHeader))
        {
            throw new UsageException("--header and --no-header contradict each other.");
        }

        Json.Set(source, "format", parsed.GetValue(format)?.ToUpper(CultureInfo.InvariantCulture));
        Json.SetIn(source, "options", "delimiter", parsed.GetValue(delimiter) is { } text
            ? text.Replace(@"\t", "\t", StringComparison.Ordinal) : null);
        Json.SetIn(source, "options", "header", parsed.GetValue(noHeader) ? false : parsed.GetValue(header) ? true : null);
        Json.SetIn(source, "options", "nullValues", parsed.GetValue(nulls) is { Length: > 0 } words ? Paths(words) : null);
        Json.SetIn(source, "options", "encoding", parsed.GetValue(encoding));
        Json.SetIn(source, "options", "comment", parsed.GetValue(comment));
        Json.SetIn(source, "options", "quote", parsed.GetValue(quote));
        Json.SetIn(source, "options", "skipLines", parsed.GetValue(skip));
        Json.SetIn(source, "options", "headerLines", parsed.GetValue(headerLines));
        Json.SetIn(source, "options", "escape", parsed.GetValue(escape));
        Json.SetIn(source, "options", "decimal", parsed.GetValue(point));
        Json.SetIn(source, "options", "compression", parsed.GetValue(compression)?.ToUpper(CultureInfo.InvariantCulture));
        Json.SetIn(source, "options", "hivePartitioning", parsed.GetValue(hive));
        Json.SetIn(source, "options", "unknownKeys", parsed.GetValue(unknownKeys)?.ToUpper(CultureInfo.InvariantCulture));
        Json.SetIn(source, "options", "union", parsed.GetValue(union)?.ToUpper(CultureInfo.InvariantCulture));
        var declared = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var type in parsed.GetValue(types) ?? [])
        {
            // The last '=' parts them: a column's name may hold one, a type's may not.
            var at = type.LastIndexOf('=');
            if (at <= 0 || at == type.Length - 1)
            {
                throw new UsageException($"'{type}' of --type is not of the form column=type, for example count=BIGINT.");
            }

            if (!declared.Add(type[..at]))
            {
                throw new UsageException($"--type names the column '{type[..at]}' twice.");
            }

            Json.SetIn(Json.Child(source, "options"), "columns", type[..at], type[(at + 1)..]);
        }
    }

    private static JsonArray Paths(IEnumerable<string> paths) => new([.. paths.Select(path => (JsonNode?)path)]);

    private static Option<string?> Text(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };

    private static Option<string[]> List(string name, string description, string value, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description, HelpName = value, AllowMultipleArgumentsPerToken = false, Arity = ArgumentArity.ZeroOrMore,
        };

    [GeneratedRegex(@"[./\\*?\[\]:{}]")]
    private static partial Regex PathSign();
}
