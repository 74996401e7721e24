using System.Text;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>A dialect of delimited text as bytes.</summary>
internal sealed class TextForm
{
    public TextForm(TextDialect dialect)
    {
        IsWhitespace = dialect.IsWhitespace;
        Delimiter = IsWhitespace ? " "u8.ToArray() : Encoding.UTF8.GetBytes(dialect.Delimiter);
        Quote = dialect.Quote.Length > 0 ? (byte)dialect.Quote[0] : null;
        Escape = dialect.Escape.Length > 0 ? (byte)dialect.Escape[0] : Quote ?? 0;
        Point = (byte)dialect.Decimal[0];
        BlankLineIsRow = dialect.BlankLineIsRow;
        IReadOnlyList<string> nulls = dialect.NullValues.Count == 0 ? [""] : dialect.NullValues;
        EmptyIsNull = nulls.Contains("");
        NullWords = [.. nulls.Where(word => word.Length > 0).Select(Encoding.UTF8.GetBytes)];
        LongestNullWord = NullWords.Select(word => word.Length).DefaultIfEmpty(0).Max();
    }

    /// <summary>
    /// One byte where the vectors can be used, more for a delimiter of several characters or of one beyond ASCII.
    /// </summary>
    public byte[] Delimiter { get; }

    /// <summary>Whether a run of spaces and tabs is one delimiter, and none at both ends of a record.</summary>
    public bool IsWhitespace { get; }

    /// <summary>Null where nothing is quoted.</summary>
    public byte? Quote { get; }

    /// <summary>Equal to the quote where it doubles itself.</summary>
    public byte Escape { get; }

    /// <summary>Whether an escape is another character than the quote.</summary>
    public bool HasOwnEscape => Quote is { } quote && Escape != quote;

    /// <summary>Between the whole part of a number and its fraction.</summary>
    public byte Point { get; }

    /// <summary>Whether an empty line is a row of one empty field.</summary>
    public bool BlankLineIsRow { get; }

    /// <summary>Whether an unquoted empty field is NULL.</summary>
    public bool EmptyIsNull { get; }

    /// <summary>Other words that are NULL when they stand unquoted.</summary>
    public byte[][] NullWords { get; }

    /// <summary>Bytes of the longest of them.</summary>
    public int LongestNullWord { get; }

    /// <summary>Whether spaces may stand before an opening quote.</summary>
    public bool SpacesMayLead => Delimiter[0] != (byte)' ';
}
