using System.Text.RegularExpressions;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// What the engine says of a query, for whoever wrote it: without the engine's words for its own parts and without the statement
/// around the query, but with the line and the mark below the place, and with what to write instead where something is usual.
/// </summary>
internal static partial class EngineMessages
{
    private const string Wrapper = "DESCRIBE ";

    private static readonly (Regex Pattern, MatchEvaluator Plain)[] Rules =
    [
        (MissingColumn(), found => $"There is no column {found.Groups["name"].Value}.{Nearest(found)}"),
        (MissingColumnOfTable(), found =>
            $"Table {found.Groups["table"].Value} has no column {found.Groups["name"].Value}.{Nearest(found)}"),
        (MissingAlias(), found =>
            $"There is no table {found.Groups["name"].Value} in this part of the query. "
            + $"Tables are: {found.Groups["near"].Value}."),
        (MissingType(), found =>
            $"There is no type {found.Groups["name"].Value}. Types are BIGINT, DOUBLE, DECIMAL(18,3), VARCHAR, BOOLEAN, "
            + "DATE, TIMESTAMP and others."),
        (MissingTable(), found => $"There is no table \"{found.Groups["name"].Value}\". Name it in sources."),
        (NoSuchCall(), NoSuchCall),
        (InWhere(), found => found.Groups["what"].Value == "aggregates"
            ? "A condition of WHERE cannot have aggregates. Put it in HAVING."
            : "A condition of WHERE cannot have window functions. Put it in QUALIFY."),
        (UnevenSets(), _ => "Both sides of UNION, INTERSECT and EXCEPT need the same number of columns."),
        (OrderPlace(), found =>
            $"ORDER BY names a column by its place in the query, which is {Places(found.Groups["last"].Value)}."),
        (UsingColumn(), found =>
            $"The {found.Groups["side"].Value} side of the join has no column {found.Groups["name"].Value}. "
            + "Where names differ, write ON l.a = r.b in place of USING."),
        (Incomparable(), found =>
            $"{Sql(found.Groups["left"].Value)} cannot be compared with {Sql(found.Groups["right"].Value)}. Cast one of them: "
            + "CAST(column AS BIGINT), or write the constant in single quotes."),
        (FailedCast(), found =>
            $"{found.Groups["value"].Value}{Column(found.Groups["column"].Value)} cannot be cast to "
            + $"{Sql(found.Groups["type"].Value)}. TRY_CAST gives NULL for such values."),
        (Overflow(), found =>
            $"The result of {found.Groups["what"].Value} {found.Groups["values"].Value} is too large for "
            + $"{Sql(found.Groups["type"].Value)}. Cast to a wider type first, such as HUGEINT or DOUBLE."),
        (BadDate(), found => $"There is no date {found.Groups["text"].Value}. TRY_CAST gives NULL for such values."),
        (BadForm(), found =>
            $"The text {found.Groups["text"].Value} does not have the form {found.Groups["form"].Value}. "
            + "try_strptime gives NULL for such values."),
        (BadPart(), found =>
            $"There is no part of a date or an interval named {found.Groups["name"].Value}. Parts are year, quarter, month, "
            + "week, day, hour, minute, second and others."),
        (BadExpression(), found => $"The regular expression is not valid: {found.Groups["why"].Value}."),
    ];

    /// <summary>The message in plain words.</summary>
    public static string Plain(string message)
    {
        var text = Origin().Replace(message.Trim(), "");
        text = WrappedLine().Replace(
            text, line =>
            $"LINE 1: {line.Groups["query"].Value}\n"
            + $"{line.Groups["blanks"].Value[Math.Min(Wrapper.Length, line.Groups["blanks"].Length)..]}^");
        return Rules.Aggregate(text, (plain, rule) => rule.Pattern.Replace(plain, rule.Plain, 1));
    }

    private static string Nearest(Match found) =>
        found.Groups["near"].Value is { Length: > 0 } names ? $" The nearest: {names}." : "";

    private static string Places(string last) => last == "1" ? "1 here" : $"1 to {last} here";

    private static string Column(string name) => name.Length == 0 ? "" : $" in column {name}";

    // The engine's names of types where SQL has others.
    private static string Sql(string type) => type switch
    {
        "INT8" => "TINYINT",
        "INT16" => "SMALLINT",
        "INT32" or "INTEGER_LITERAL" => "INTEGER",
        "INT64" => "BIGINT",
        "INT128" => "HUGEINT",
        "UINT8" => "UTINYINT",
        "UINT16" => "USMALLINT",
        "UINT32" => "UINTEGER",
        "UINT64" => "UBIGINT",
        "BOOL" => "BOOLEAN",
        "STRING_LITERAL" => "VARCHAR",
        _ => type,
    };

    // A list of all that a function could be called with is longer than a screen.
    private static string NoSuchCall(Match found)
    {
        var (name, given) = (found.Groups["name"].Value, found.Groups["given"].Value);
        var types = string.Join(", ", given.Split(", ").Select(Sql));
        var calls = found.Groups["call"].Captures.Select(call => call.Value.Trim()).ToList();
        var others = calls.Count > 6 ? " and others" : "";
        var takes = calls.Count == 0 ? "" : $" It takes: {string.Join(", ", calls.Take(6))}{others}.";
        var cast = given.Contains("VARCHAR", StringComparison.Ordinal)
            ? " Cast text to a number first: TRY_CAST(column AS DOUBLE)." : "";
        return char.IsAsciiLetter(name[0])
            ? $"{name} cannot be called with ({types}).{takes}{(calls.Any(IsOfNumbers) ? cast : "")}"
            : $"{name} is not defined for {types.Replace(", ", " and ", StringComparison.Ordinal)}.{cast}";
    }

    private static bool IsOfNumbers(string call) =>
        call.Contains("(DOUBLE", StringComparison.Ordinal) || call.Contains("(DECIMAL", StringComparison.Ordinal);

    [GeneratedRegex(
        "^(?:Binder|Catalog|Parser|Syntax|Conversion|Invalid Input|Out of Range|Not implemented|Permission) Error: ")]
    private static partial Regex Origin();

    [GeneratedRegex("^LINE 1: " + Wrapper + @"(?<query>.*)\n(?<blanks> *)\^", RegexOptions.Multiline)]
    private static partial Regex WrappedLine();

    [GeneratedRegex("Referenced column (?<name>\".*?\") not found in FROM clause!(?:\nCandidate bindings: (?<near>[^\n]*))?")]
    private static partial Regex MissingColumn();

    [GeneratedRegex(
        "^Table (?<table>\".*?\") does not have a column named (?<name>\".*?\")"
        + "(?:\n+Candidate bindings: (?:: )?(?<near>[^\n]*))?")]
    private static partial Regex MissingColumnOfTable();

    [GeneratedRegex("^Referenced table (?<name>\".*?\") not found!\nCandidate tables: (?<near>[^\n]*)")]
    private static partial Regex MissingAlias();

    [GeneratedRegex("Type with name (?<name>.*?) does not exist!(?:\nDid you mean [^\n]*)?")]
    private static partial Regex MissingType();

    [GeneratedRegex("Table with name (?<name>.*?) does not exist!(?:\nDid you mean [^\n]*)?")]
    private static partial Regex MissingTable();

    [GeneratedRegex(
        @"^No function matches the given name and argument types '(?<name>[^(]*)\((?<given>.*?)\)'\. You might need to add "
        + @"explicit type casts\.(?:\n\tCandidate functions:(?:\n\t(?<call>[^\n]*?)(?: -> [^\n]*)?(?=\n|$))*)?")]
    private static partial Regex NoSuchCall();

    [GeneratedRegex("^WHERE clause cannot contain (?<what>window functions|aggregates)!")]
    private static partial Regex InWhere();

    [GeneratedRegex("^Set operations can only apply to expressions with the same number of result columns")]
    private static partial Regex UnevenSets();

    [GeneratedRegex("^ORDER term out of range - should be between 1 and (?<last>[0-9]+)")]
    private static partial Regex OrderPlace();

    [GeneratedRegex("^Column (?<name>\".*?\") does not exist on (?<side>left|right) side of join!")]
    private static partial Regex UsingColumn();

    [GeneratedRegex(
        "^Cannot compare values of type (?<left>.*?) and (?:values of )?type (?<right>.*?) - an explicit cast is required")]
    private static partial Regex Incomparable();

    [GeneratedRegex(
        "^Could not convert string (?<value>'.*?') to (?<type>[A-Z0-9_]+)(?: when casting from source column (?<column>[^\n]*))?",
        RegexOptions.Singleline)]
    private static partial Regex FailedCast();

    [GeneratedRegex(@"^Overflow in (?<what>\w+) of (?<type>[A-Z0-9]+) (?<values>\(.*?\))!")]
    private static partial Regex Overflow();

    [GeneratedRegex("^date field value out of range: (?<text>\".*?\").*", RegexOptions.Singleline)]
    private static partial Regex BadDate();

    [GeneratedRegex(
        "^Could not parse string (?<text>\".*?\") according to format specifier (?<form>\".*?\").*", RegexOptions.Singleline)]
    private static partial Regex BadForm();

    [GeneratedRegex("^extract specifier (?<name>\".*?\") not recognized")]
    private static partial Regex BadPart();

    [GeneratedRegex(
        @"^(?<why>(?:missing [\])]|unexpected \)|no argument for repetition operator|bad repetition operator|trailing \\|"
        + @"invalid (?:escape sequence|character class|character class range|repetition size|named capture group|perl operator))"
        + @"[^\n]*)")]
    private static partial Regex BadExpression();
}
