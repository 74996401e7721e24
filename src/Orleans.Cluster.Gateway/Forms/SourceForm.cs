using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Reads one source: which files, and how to read them.</summary>
internal static class SourceForm
{
    /// <summary>Paths in one list; a glob names as many files as it likes.</summary>
    private const int MaxPaths = 20_000;

    private const int MaxPathLength = 4096;
    private const int MaxColumns = 20_000;

    private const int MaxSkippedLines = 10_000;
    private const int MaxHeaderLines = 100;

    private static readonly IReadOnlyList<string> Decimals = ContractWords.Of<SourceOptions>(nameof(SourceOptions.Decimal));
    private static readonly IReadOnlyList<string> Encodings = ContractWords.Of<SourceOptions>(nameof(SourceOptions.Encoding));

    public static SourceSpec? Read(FormObject form)
    {
        if (form.Has("job"))
        {
            return ReadJob(form);
        }

        var path = ReadPath(form);
        var source = new SourceSpec
        {
            Path = path ?? [],
            Format = form.Word<SourceFormat>("format") ?? SourceFormat.Auto,
            Options = form.Object("options") is { } options ? ReadOptions(options) : new SourceOptions(),
        };
        form.Close();
        return path is null ? null : source;
    }

    private static SourceSpec? ReadJob(FormObject form)
    {
        foreach (var name in new[] { "path", "format", "options" }.Where(form.Has))
        {
            form.Faults.Add(
                form.At(name), FaultCodes.Conflict,
                "A job's result is read as it was written: beside 'job' nothing else can be said of it.");
        }

        var text = form.Text("job");
        if (text is null || JobId.TryParse(text, null, out var id))
        {
            form.Close();
            return text is null ? null : new SourceSpec { Job = JobId.Parse(text) };
        }

        form.Faults.Add(
            form.At("job"), FaultCodes.InvalidValue, $"'{FormObject.Short(text)}' is not a job id (26 characters, 0-9 and A-Z).");
        return null;
    }

    private static List<string>? ReadPath(FormObject form)
    {
        if (form.Require("path", "A path, a glob or a list of them") is not { } value)
        {
            return null;
        }

        IEnumerable<(JsonElement Item, string Pointer)> items =
            value.ValueKind == JsonValueKind.Array ? form.Items("path") : [(value, form.At("path"))];
        var paths = new List<string>();
        var count = 0;
        foreach (var (item, pointer) in items)
        {
            if (++count > MaxPaths)
            {
                form.Faults.Add(form.At("path"), FaultCodes.OutOfRange, $"At most {MaxPaths} paths can be listed. Use a glob.");
                break;
            }

            if (PathOf(form, item, pointer) is { } path)
            {
                paths.Add(path);
            }
        }

        if (count == 0)
        {
            form.Faults.Add(form.At("path"), FaultCodes.InvalidValue, "The list of paths is empty.");
        }

        return paths;
    }

    // A NUL character is left to the data roots, which refuse it with all other tricks that paths can play.
    private static string? PathOf(FormObject form, JsonElement item, string pointer) =>
        item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 and <= MaxPathLength } path
        && path.Contains('\0', StringComparison.Ordinal)
            ? path
            : form.TextOf(item, pointer, MaxPathLength, mayBeEmpty: false);

    private static SourceOptions ReadOptions(FormObject form)
    {
        var options = new SourceOptions
        {
            Delimiter = Characters(form, "delimiter", 1, 4, TextDialect.Whitespace),
            Header = form.Flag("header"),
            Quote = Characters(form, "quote", 0, 1),
            Escape = Characters(form, "escape", 0, 1),
            Comment = Characters(form, "comment", 0, 16),
            NullValues = form.Texts("nullValues", mayBeEmpty: true),
            Columns = form.Object("columns") is { } columns ? ReadColumns(columns) : null,
            Compression = form.Word<SourceCompression>("compression") ?? SourceCompression.Auto,
            Encoding = form.Word("encoding", Encodings),
            HivePartitioning = form.Flag("hivePartitioning"),
            UnknownKeys = form.Word<UnknownKeys>("unknownKeys") ?? UnknownKeys.Conflict,
            SkipLines = (int?)form.Whole("skipLines", 0, MaxSkippedLines),
            HeaderLines = (int?)form.Whole("headerLines", 1, MaxHeaderLines),
            Decimal = form.Word("decimal", Decimals),
            Union = form.Word<FileUnion>("union") ?? FileUnion.Strict,
        };
        CheckDialect(form, options);
        form.Close();
        return options;
    }

    private static void CheckDialect(FormObject form, SourceOptions options)
    {
        if (options is { Delimiter: { Length: > 0 and <= 4 } delimiter, Quote: { Length: > 0 } quote }
            && delimiter.Contains(quote, StringComparison.Ordinal))
        {
            form.Faults.Add(form.At("quote"), FaultCodes.Conflict, "The quote cannot be a part of the delimiter.");
        }

        if (options is { Delimiter: ",", Decimal: "," })
        {
            form.Faults.Add(form.At("decimal"), FaultCodes.Conflict, "The decimal separator cannot be the delimiter.");
        }

        if (options is { Header: false, HeaderLines: not null })
        {
            form.Faults.Add(
                form.At("headerLines"), FaultCodes.Conflict,
                "A file without a header has no header lines. Leave out one of header and headerLines.");
        }
    }

    private static string? Characters(FormObject form, string name, int min, int max, string? word = null)
    {
        // Blank delimiters are right: a tab, a space.
        if (form.Text(name, maxLength: 64, mayBeEmpty: true) is not { } text)
        {
            return null;
        }

        if (text == word || (text.Length >= min && text.Length <= max && !text.AsSpan().ContainsAny('\r', '\n')))
        {
            return text;
        }

        var orWord = word is null ? "" : $", or be '{word}'";
        form.Faults.Add(
            form.At(name), FaultCodes.InvalidValue,
            $"The value must have {(min == max ? $"{max}" : $"{min} to {max}")} characters and no line break{orWord}.");
        return null;
    }

    private static Dictionary<string, string> ReadColumns(FormObject form)
    {
        var columns = new Dictionary<string, string>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in form.Names.Take(MaxColumns).ToList())
        {
            if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
            {
                form.Faults.Add(form.At(name), FaultCodes.InvalidValue, "A column needs a name without NUL characters.");
            }
            else if (!seen.Add(name))
            {
                form.Faults.Add(
                    form.At(name), FaultCodes.Duplicate,
                    "Another column has this name in other case; names of columns do not differ by case.");
            }

            if (form.RequiredText(name, "A type") is { } type && IsType(form, name, type))
            {
                columns[name] = type;
            }
        }

        if (form.Names.Count() > MaxColumns)
        {
            form.Faults.Add(form.Pointer, FaultCodes.OutOfRange, $"At most {MaxColumns} columns can be declared.");
        }

        return columns;
    }

    // The engine knows its types; what is refused here is text that could end the type and begin something else.
    private static bool IsType(FormObject form, string name, string type)
    {
        if (char.IsAsciiLetter(type[0])
            && type.All(c => char.IsAsciiLetterOrDigit(c) || "_ (),[]\"".Contains(c, StringComparison.Ordinal)))
        {
            return true;
        }

        form.Faults.Add(
            form.At(name), FaultCodes.InvalidValue,
            $"'{FormObject.Short(type)}' is not a type such as BIGINT, DOUBLE, VARCHAR or DECIMAL(18,3).");
        return false;
    }
}
