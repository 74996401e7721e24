namespace Orleans.Cluster.Contracts;

/// <summary>
/// The only place that quotes names and literals for the engine. Everything that becomes part of a query passes here.
/// </summary>
public static class SqlText
{
    /// <summary>A quoted identifier: <c>a"b</c> becomes <c>"a""b"</c>.</summary>
    /// <exception cref="ArgumentException">The name is empty or holds a NUL character, which no identifier can.</exception>
    public static string Name(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Quote(name, '"');
    }

    /// <summary>Quoted identifiers, separated by commas.</summary>
    public static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Name));

    /// <summary>A quoted string literal: <c>it's</c> becomes <c>'it''s'</c>.</summary>
    public static string Literal(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Quote(text, '\'');
    }

    private static string Quote(string text, char quote)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A SQL name or literal cannot hold a NUL character.", nameof(text));
        }

        return $"{quote}{text.Replace($"{quote}", $"{quote}{quote}", StringComparison.Ordinal)}{quote}";
    }
}
