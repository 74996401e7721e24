using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Binds a query and shows what is wrong with it in the text of its writer, where the engine finds the same there: the rendered
/// text has one line, and other words for some things.
/// </summary>
internal static partial class WrittenQuery
{
    private const string PlaceMark = "\n\nLINE ";

    /// <summary>Binds a query.</summary>
    /// <param name="draft">Asks the engine.</param>
    /// <param name="sql">The query as rendered.</param>
    /// <param name="written">As it was written; it has been parsed, and so holds nothing that is refused.</param>
    /// <exception cref="ClusterException">What is wrong with it.</exception>
    public static async Task Bind(PlanDraft draft, string sql, string written)
    {
        try
        {
            await draft.Bind(sql);
        }
        catch (ClusterException failure) when (failure.Message.Contains(PlaceMark, StringComparison.Ordinal))
        {
            if (await Fault(draft, written) is { } own && FaultOf(own) == FaultOf(failure))
            {
                throw WithQuotes(own, written);
            }

            throw;
        }
    }

    /// <summary>
    /// A message about a query that cannot be parsed, with the columns whose names need quotes and stand in it without.
    /// </summary>
    /// <param name="message">
    /// What is wrong, with the line of its place. Only that is searched: a query and the names of a table may be long.
    /// </param>
    /// <param name="columns">Names of the columns of its sources.</param>
    public static string WithNames(string message, IEnumerable<string> columns)
    {
        var place = message.IndexOf(PlaceMark, StringComparison.Ordinal);
        var shown = place < 0 ? "" : message[place..];
        var name = place < 0 || !message.StartsWith("syntax error", StringComparison.Ordinal) ? null
            : columns.FirstOrDefault(column => !PlainName().IsMatch(column) && HasBare(shown, column));
        return name is null ? message
            : message.Insert(place, $". If column {SqlText.Name(name)} is meant, write it in double quotes");
    }

    /// <summary>A message about an expression that was parsed as the only item of a SELECT, without that.</summary>
    public static string OfExpression(string message) => InSelect().Replace(
        message, found => $"{PlaceMark}1: {found.Groups["text"].Value}\n{found.Groups["blanks"].Value}^", 1);

    private static bool HasBare(string line, string name)
    {
        var at = line.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        return name.Length > 0 && at > 0 && line[at - 1] != '"';
    }

    private static async Task<ClusterException?> Fault(PlanDraft draft, string sql)
    {
        try
        {
            await draft.Bind(sql);
            return null;
        }
        catch (ClusterException failure)
        {
            return failure;
        }
    }

    private static string FaultOf(ClusterException failure) => failure.Message.Split(PlaceMark)[0];

    // A text in double quotes is a name in SQL, which not everybody knows.
    private static ClusterException WithQuotes(ClusterException failure, string written)
    {
        var place = failure.Message.IndexOf(PlaceMark, StringComparison.Ordinal);
        var name = MissingName().Match(failure.Message).Groups["name"].Value;
        return name.Length == 0 || place < 0 || !written.Contains($"\"{name}\"", StringComparison.Ordinal)
            ? failure
            : new ClusterException(
                failure.Code, failure.Message.Insert(place, $" If it is a text, write it in single quotes: '{name}'."),
                inner: failure);
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex PlainName();

    [GeneratedRegex("\n\nLINE 1: SELECT (?<text>[^\n]*)\n {7}(?<blanks> *)\\^")]
    private static partial Regex InSelect();

    [GeneratedRegex("^There is no column \"(?<name>.*?)\"")]
    private static partial Regex MissingName();
}
