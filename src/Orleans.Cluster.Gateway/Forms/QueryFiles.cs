using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>
/// Files that a query names in place of a table: <c>FROM 'folder/*.csv'</c>. To the parser such a text is the name of a table, so
/// each becomes a source of that name, and the query stays as it was written.
/// </summary>
internal static partial class QueryFiles
{
    /// <summary>Functions in whose arguments FROM is no clause.</summary>
    private static readonly string[] WithFrom = ["EXTRACT", "TRIM", "SUBSTRING", "OVERLAY"];

    /// <summary>The job with its query's files among its sources. A single source keeps its name, <c>source</c>.</summary>
    /// <param name="spec">A job whose operation is <c>sql</c>.</param>
    public static JobSpec AddTo(JobSpec spec)
    {
        var files = spec.Parameters?.GetProperty("query").GetString() is { } query ? Find(query) : [];
        if (files.Count == 0)
        {
            return spec;
        }

        var sources = new Dictionary<string, SourceSpec>(spec.Sources ?? new Dictionary<string, SourceSpec>());
        if (spec.Source is { } single)
        {
            sources["source"] = single;
        }

        foreach (var file in files)
        {
            sources.TryAdd(file, new SourceSpec { Path = [file] });
        }

        return spec with { Source = null, Sources = sources };
    }

    /// <summary>Texts after FROM or JOIN, or after the comma behind one of them, each once.</summary>
    internal static IReadOnlyList<string> Find(string query)
    {
        var found = new List<string>();
        var functions = new Stack<string>();
        var (before, last, wasFile) = ("", "", false);
        foreach (var token in Token().Matches(query).Where(token => !token.Groups["blank"].Success).Select(token => token.Value))
        {
            var isFile = token[0] == '\''
                && functions.GetValueOrDefault() is var function && !WithFrom.Contains(function, StringComparer.OrdinalIgnoreCase)
                && (IsWord(last, "JOIN") || (IsWord(last, "FROM") && !IsWord(before, "DISTINCT")) || (last == "," && wasFile));
            if (isFile && token.Length > 2)
            {
                found.Add(token[1..^1].Replace("''", "'", StringComparison.Ordinal));
            }

            if (token == "(")
            {
                functions.Push(last);
            }
            else if (token == ")")
            {
                functions.TryPop(out _);
            }

            wasFile = isFile || (wasFile && token == ",");
            (before, last) = (last, token);
        }

        return [.. found.Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static bool IsWord(string token, string word) => string.Equals(token, word, StringComparison.OrdinalIgnoreCase);

    private static string GetValueOrDefault(this Stack<string> stack) => stack.TryPeek(out var top) ? top : "";

    [GeneratedRegex("""(?<blank>\s+|--[^\n]*|/\*.*?\*/)|'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|.""", RegexOptions.Singleline)]
    private static partial Regex Token();
}
