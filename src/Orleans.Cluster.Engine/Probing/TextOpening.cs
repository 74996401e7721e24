using System.Text;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// What stands in a text file before its first record: skipped lines, a spreadsheet's separator, comments, blank lines.
/// </summary>
/// <param name="Bytes">Where the first record begins.</param>
/// <param name="Lines">Lines before it.</param>
/// <param name="Separator">The delimiter that a line <c>sep=;</c> names; null without one.</param>
/// <param name="LastComment">
/// The comment line directly above the first record, which may be the header; null when there is none.
/// </param>
internal sealed record TextOpening(long Bytes, long Lines, string? Separator, string? LastComment)
{
    /// <summary>Prefix of comments where none was declared.</summary>
    public const string DefaultComment = "#";

    /// <summary>Reads the lines at the start of a sample. They are lines, whatever quotes they hold.</summary>
    /// <exception cref="EngineException">The file has fewer lines than shall be skipped.</exception>
    public static TextOpening Read(TextSample sample, SourceOptions options)
    {
        var lines = new Cursor(sample.Head, sample.MarkBytes);
        Skip(ref lines, sample, options.SkipLines ?? 0);
        var separator = options.SkipLines is null ? ReadSeparator(ref lines) : null;
        var prefix = Encoding.UTF8.GetBytes(options.Comment ?? DefaultComment);
        string? comment = null;
        while (lines.TryPeek(out var line, out _))
        {
            var isComment = prefix.Length > 0 && line.StartsWith(prefix);
            if (!line.IsEmpty && !isComment)
            {
                break;
            }

            comment = isComment ? SampleRecords.Decoder(sample.Encoding).GetString(line) : null;
            lines.Advance();
        }

        return new TextOpening(lines.Position, lines.Lines, separator, options.Comment is null ? comment : null);
    }

    private static void Skip(ref Cursor lines, TextSample sample, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (!lines.TryPeek(out _, out _))
            {
                if (!sample.HeadIsWhole)
                {
                    return;
                }

                throw new EngineException(
                    FailureKind.BadData,
                    $"{sample.File.Path} has {i} lines, and options.skipLines is {count}: nothing is left of it.",
                    ProblemCode.DatasetNotReadable.Word);
            }

            lines.Advance();
        }
    }

    // Spreadsheets write it for themselves: "sep=;" alone on the first line.
    private static string? ReadSeparator(ref Cursor lines)
    {
        if (!lines.TryPeek(out var line, out var hasEnd) || !hasEnd || line.Length is not (5 or 7))
        {
            return null;
        }

        var text = line.Length == 7 && line[0] == '"' && line[6] == '"' ? line[1..6] : line;
        if (text.Length != 5 || !Ascii.EqualsIgnoreCase(text[..4], "sep="u8))
        {
            return null;
        }

        lines.Advance();
        return ((char)text[4]).ToString();
    }

    private ref struct Cursor(ReadOnlySpan<byte> text, long position)
    {
        private readonly ReadOnlySpan<byte> _text = text;

        public long Position { get; private set; } = position;

        public long Lines { get; private set; }

        public readonly bool TryPeek(out ReadOnlySpan<byte> line, out bool hasEnd)
        {
            var rest = _text[(int)Position..];
            var end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            hasEnd = end >= 0;
            line = hasEnd ? rest[..end] : rest;
            return !rest.IsEmpty;
        }

        public void Advance()
        {
            var rest = _text[(int)Position..];
            var end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            Position += end < 0 ? rest.Length : end + (rest[end..].StartsWith("\r\n"u8) ? 2 : 1);
            Lines++;
        }
    }
}
