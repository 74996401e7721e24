using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// The first word of each statement of a text: enough to say what was refused where the parser only says that it was.
/// </summary>
internal static class SqlStatements
{
    private static readonly string[] Queries = ["SELECT", "WITH", "FROM", "VALUES", "TABLE"];

    /// <summary>A sentence about a first word that looks like a misspelt one of a query; empty otherwise.</summary>
    public static string Misspelt(string sql) => Words(sql).FirstOrDefault() is { } word
        && !Queries.Contains(word, StringComparer.Ordinal) && NearestName.Find(word, Queries) is { } near
        ? $". Did you mean {near}?" : "";

    /// <summary>The first statement that is no query, in capitals; null when each looks like one.</summary>
    public static string? Other(string sql) => Words(sql).FirstOrDefault(word => !Queries.Contains(word, StringComparer.Ordinal));

    private static IEnumerable<string> Words(string sql)
    {
        var isStart = true;
        for (var at = 0; at < sql.Length;)
        {
            var next = Skip(sql, at);
            if (next > at)
            {
                at = next;
                continue;
            }

            if (isStart && char.IsAsciiLetter(sql[at]))
            {
                var end = at;
                while (end < sql.Length && (char.IsAsciiLetter(sql[end]) || sql[end] == '_'))
                {
                    end++;
                }

                yield return sql[at..end].ToUpperInvariant();
                isStart = false;
                at = end;
                continue;
            }

            // Parentheses may stand before a SELECT.
            isStart = sql[at] == ';' || (isStart && sql[at] == '(');
            at++;
        }
    }

    // Behind white space, a comment or a quoted text that begins here; the same place when none does.
    private static int Skip(string sql, int at)
    {
        if (char.IsWhiteSpace(sql[at]))
        {
            return at + 1;
        }

        var (length, end) = sql[at] switch
        {
            '-' when sql.AsSpan(at).StartsWith("--") => (2, "\n"),
            '/' when sql.AsSpan(at).StartsWith("/*") => (2, "*/"),
            '\'' => (1, "'"),
            '"' => (1, "\""),
            _ => (0, ""),
        };
        if (length == 0)
        {
            return at;
        }

        var found = sql.IndexOf(end, at + length, StringComparison.Ordinal);
        return found < 0 ? sql.Length : found + end.Length;
    }
}
