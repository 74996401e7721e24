namespace Orleans.Cluster.Cli.Shell;

/// <summary>
/// Which words could stand at the cursor: keywords, the shell's own commands, sources and their columns, and files in quotes.
/// </summary>
internal static class ShellWords
{
    /// <summary>The shell's own commands and what they do.</summary>
    public static readonly (string Name, string Form, string Description)[] Commands =
    [
        (".source", ".source NAME=PATH", "name a file or glob as a table"),
        (".sources", ".sources", "list the tables that have a name here"),
        (".columns", ".columns PATH|NAME", "show columns and types"),
        (".files", ".files [FOLDER]", "list files that can be read"),
        (".vertical", ".vertical [on|off]", @"show each row as lines of name and value; so does \G in place of ;"),
        (".limit", ".limit ROWS", "rows to show"),
        (".help", ".help", "this list"),
        (".quit", ".quit", "leave; so does Ctrl-D"),
    ];

    private static readonly string[] Keywords =
    [
        "SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT", "JOIN", "LEFT JOIN", "FULL JOIN", "USING", "ON",
        "AS", "AND", "OR", "NOT",
        "IN", "IS NULL", "IS NOT NULL", "BETWEEN", "LIKE", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "WITH", "UNION ALL",
        "OVER", "PARTITION BY",
        "DESC", "NULLS LAST", "CAST", "count", "sum", "avg", "min", "max", "median", "stddev_samp", "quantile_cont", "coalesce",
        "lower", "upper", "round",
    ];

    /// <summary>Words for what is before the cursor.</summary>
    /// <param name="before">The line up to the cursor.</param>
    /// <param name="names">Sources and columns.</param>
    public static Completion Find(string before, IEnumerable<string> names)
    {
        var from = before.Length;
        while (from > 0 && (char.IsLetterOrDigit(before[from - 1]) || before[from - 1] is '_' or '.'))
        {
            from--;
        }

        var word = before[from..];
        var known = word.StartsWith('.') ? Commands.Select(command => command.Name) : word.Length == 0 ? names
            : names.Concat(Keywords);
        return new Completion(
            from, [.. known.Where(one => one.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                .Distinct().Order(StringComparer.Ordinal)]);
    }

    /// <summary>The path that is being typed in a text literal, or null where the cursor is not in one.</summary>
    public static string? OpenPath(string before)
    {
        var quote = before.LastIndexOf('\'');
        return quote >= 0 && before.Count(sign => sign == '\'') % 2 == 1 ? before[(quote + 1)..] : null;
    }
}
