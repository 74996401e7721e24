using System.Buffers;
using System.Text;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Finds where records end in text: at LF, CR LF or a lone CR outside quotes. It reads quotes as the engine does: one opens only
/// at the start of a field (spaces may stand before it), so a quote inside an unquoted field means nothing.
/// </summary>
internal sealed class RecordSplitter
{
    private const byte Lf = (byte)'\n';
    private const byte Cr = (byte)'\r';
    private const byte Space = (byte)' ';
    private const byte Tab = (byte)'\t';

    private readonly byte[] _delimiter;
    private readonly byte? _quote;
    private readonly byte _escape;
    private readonly SearchValues<byte> _special;
    private readonly bool _spacesMayLead;
    private readonly bool _isLines;
    private readonly bool _isWhitespace;
    private readonly bool _blankLineIsRow;

    /// <param name="dialect">Null for text whose records end at line ends alone, such as NDJSON.</param>
    public RecordSplitter(TextDialect? dialect)
    {
        _delimiter = dialect is { IsWhitespace: true } ? [Space] : Encoding.UTF8.GetBytes(dialect?.Delimiter ?? ",");
        _quote = dialect is { Quote.Length: > 0 } ? (byte)dialect.Quote[0] : null;
        _escape = dialect is { Escape.Length: > 0 } ? (byte)dialect.Escape[0] : _quote ?? 0;
        _spacesMayLead = _delimiter[0] != Space;
        _special = SearchValues.Create(_quote is { } quote ? [quote, Lf, Cr] : [Lf, Cr]);
        _blankLineIsRow = dialect?.BlankLineIsRow ?? false;
        _isLines = dialect is null;
        _isWhitespace = dialect is { IsWhitespace: true };
    }

    /// <summary>Whether every LF in whole lines of text ends a record that is not blank, and nothing else does.</summary>
    public bool IsPlain(ReadOnlySpan<byte> text) =>
        text.IndexOf(Cr) < 0
        && (_quote is not { } quote || text.IndexOf(quote) < 0)
        && (_blankLineIsRow || (text[0] != Lf && text.IndexOf("\n\n"u8) < 0))
        && (!(_isLines || _isWhitespace)
            || (text[0] is not (Space or Tab) && text.IndexOf("\n "u8) < 0 && text.IndexOf("\n\t"u8) < 0));

    /// <summary>
    /// Whether a line is no record: an empty one, unless it is a row of one empty field; of NDJSON and of fields between spaces
    /// also one of spaces alone.
    /// </summary>
    public bool IsBlank(ReadOnlySpan<byte> line) =>
        (_isLines || _isWhitespace ? line.Trim(" \t"u8).IsEmpty : line.IsEmpty) && !_blankLineIsRow;

    /// <summary>Finds the end of the record that starts at <paramref name="start"/>.</summary>
    /// <param name="text">Text in memory.</param>
    /// <param name="start">Start of the record.</param>
    /// <param name="isLast">Whether nothing follows the text; then the text's end ends the record.</param>
    /// <param name="contentEnd">Behind the record's last byte, line end not counted.</param>
    /// <param name="next">Start of the next record.</param>
    /// <returns>False when the record's end is not in the text.</returns>
    public bool TryFindEnd(ReadOnlySpan<byte> text, int start, bool isLast, out int contentEnd, out int next)
    {
        var position = start;
        while (true)
        {
            var found = text[position..].IndexOfAny(_special);
            if (found < 0)
            {
                contentEnd = next = text.Length;
                return isLast;
            }

            position += found;
            if (text[position] == Lf)
            {
                contentEnd = position;
                next = position + 1;
                return true;
            }

            if (text[position] == Cr)
            {
                contentEnd = position;
                next = position + 1;
                if (next == text.Length)
                {
                    return isLast;
                }

                next += text[next] == Lf ? 1 : 0;
                return true;
            }

            position = OpensField(text[start..position]) ? SkipQuoted(text, position + 1, isLast) : position + 1;
            if (position < 0)
            {
                contentEnd = next = text.Length;
                return isLast;
            }
        }
    }

    private bool OpensField(ReadOnlySpan<byte> before)
    {
        if (_spacesMayLead)
        {
            before = before.TrimEnd(Space);
        }

        return before.IsEmpty || before.EndsWith(_delimiter) || (_isWhitespace && before[^1] == Tab);
    }

    // Answers the position behind the closing quote, or -1 when it is not in the text.
    private int SkipQuoted(ReadOnlySpan<byte> text, int position, bool isLast)
    {
        var quote = _quote!.Value;
        while (true)
        {
            var found = _escape == quote ? text[position..].IndexOf(quote) : text[position..].IndexOfAny(quote, _escape);
            if (found < 0)
            {
                return -1;
            }

            position += found;
            if (position + 1 == text.Length)
            {
                return isLast && text[position] == quote ? position + 1 : -1;
            }

            var isEscape = text[position] == _escape && (_escape != quote || text[position + 1] == quote);
            if (!isEscape)
            {
                return position + 1;
            }

            position += 2;
        }
    }
}
