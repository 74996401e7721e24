using System.Text.RegularExpressions;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// What the engine says of a query, for whoever wrote it: without the engine's words for its own parts and without the statement
/// around the query, but with the line and the mark below the place.
/// </summary>
internal static partial class EngineMessages
{
    private const string Wrapper = "DESCRIBE ";

    /// <summary>The message in plain words.</summary>
    public static string Plain(string message)
    {
        var text = Origin().Replace(message.Trim(), "");
        text = WrappedLine().Replace(
            text, line =>
            $"LINE 1: {line.Groups["query"].Value}\n"
            + $"{line.Groups["blanks"].Value[Math.Min(Wrapper.Length, line.Groups["blanks"].Length)..]}^");
        text = MissingColumn()
            .Replace(text, column => $"There is no column {column.Groups["name"].Value}.{Nearest(column.Groups["near"].Value)}");
        text = MissingType().Replace(
            text,
            type => $"There is no type {type.Groups["name"].Value}. Types are BIGINT, DOUBLE, DECIMAL(18,3), VARCHAR, BOOLEAN, "
            + "DATE, TIMESTAMP and others.");
        text = MissingTable().Replace(text, table => $"There is no table \"{table.Groups["name"].Value}\". Name it in sources.");
        return text;
    }

    private static string Nearest(string names) => names.Length == 0 ? "" : $" The nearest: {names}.";

    [GeneratedRegex("^(?:Binder|Catalog|Parser|Syntax|Conversion|Invalid Input|Not implemented|Permission) Error: ")]
    private static partial Regex Origin();

    [GeneratedRegex("^LINE 1: " + Wrapper + @"(?<query>.*)\n(?<blanks> *)\^", RegexOptions.Multiline)]
    private static partial Regex WrappedLine();

    [GeneratedRegex("Referenced column (?<name>\".*?\") not found in FROM clause!(?:\nCandidate bindings: (?<near>[^\n]*))?")]
    private static partial Regex MissingColumn();

    [GeneratedRegex("Type with name (?<name>.*?) does not exist!(?:\nDid you mean [^\n]*)?")]
    private static partial Regex MissingType();

    [GeneratedRegex("Table with name (?<name>.*?) does not exist!(?:\nDid you mean [^\n]*)?")]
    private static partial Regex MissingTable();
}
