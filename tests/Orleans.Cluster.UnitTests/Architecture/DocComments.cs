using System.Text.RegularExpressions;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>Doc comments of the sources, as text for pages.</summary>
internal static partial class DocComments
{
    /// <summary>The summary before a declaration.</summary>
    /// <param name="source">The file's text.</param>
    /// <param name="declaration">How the declaration is written; its first place counts.</param>
    /// <param name="after">Only places after this one count.</param>
    public static string Summary(string source, string declaration, string after = "")
    {
        var at = source.IndexOf(declaration, source.IndexOf(after, StringComparison.Ordinal), StringComparison.Ordinal);
        var begin = source.LastIndexOf("<summary>", at, StringComparison.Ordinal) + "<summary>".Length;
        var text = source[begin..source.IndexOf("</summary>", begin, StringComparison.Ordinal)];
        text = Comment().Replace(text, " ");
        text = Reference().Replace(text, match => $"`{match.Groups["name"].Value.Split('.')[^1]}`");
        text = text.Replace("<c>", "`", StringComparison.Ordinal).Replace("</c>", "`", StringComparison.Ordinal);
        return Blanks().Replace(text, " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\r?\n\s*///")]
    private static partial Regex Comment();

    [GeneratedRegex(@"<see cref=""(?<name>[^""]+)""\s*/>")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
