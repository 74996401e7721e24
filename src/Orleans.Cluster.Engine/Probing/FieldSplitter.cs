using System.Text;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Splits one record of delimited text into fields, for looking at samples; tasks leave that to the engine.</summary>
internal static class FieldSplitter
{
    /// <summary>A field and whether it was quoted, which tells an empty string from NULL.</summary>
    public readonly record struct Field(string Text, bool Quoted);

    /// <summary>Fields in order; a blank record has one empty field.</summary>
    public static List<Field> Split(string record, string delimiter, string quote, string escape)
    {
        var fields = new List<Field>();
        var position = delimiter == TextDialect.Whitespace ? SkipBlanks(record, 0) : 0;
        while (true)
        {
            var (field, next) = quote.Length > 0 && string.CompareOrdinal(record, position, quote, 0, 1) == 0
                ? Quoted(record, position + 1, delimiter, quote[0], escape.Length > 0 ? escape[0] : quote[0])
                : Plain(record, position, delimiter);
            fields.Add(field);
            if (next < 0)
            {
                return fields;
            }

            position = next;
        }
    }

    private static (Field Field, int Next) Plain(string record, int start, string delimiter)
    {
        var (end, next) = FindEnd(record, start, delimiter);
        return (new Field(record[start..end], false), next);
    }

    // Where a field ends, and where the next begins: -1 behind the last.
    private static (int End, int Next) FindEnd(string record, int position, string delimiter)
    {
        if (delimiter == TextDialect.Whitespace)
        {
            var blank = record.AsSpan(position).IndexOfAny(' ', '\t');
            var next = blank < 0 ? record.Length : SkipBlanks(record, position + blank);
            return (blank < 0 ? record.Length : position + blank, next == record.Length ? -1 : next);
        }

        var end = record.IndexOf(delimiter, position, StringComparison.Ordinal);
        return end < 0 ? (record.Length, -1) : (end, end + delimiter.Length);
    }

    private static int SkipBlanks(string record, int position)
    {
        while (position < record.Length && record[position] is ' ' or '\t')
        {
            position++;
        }

        return position;
    }

    private static (Field Field, int Next) Quoted(string record, int start, string delimiter, char quote, char escape)
    {
        var text = new StringBuilder();
        var position = start;
        while (position < record.Length)
        {
            var character = record[position];
            if (character == escape && position + 1 < record.Length
                && (record[position + 1] == quote || (escape != quote && record[position + 1] == escape)))
            {
                text.Append(record[position + 1]);
                position += 2;
                continue;
            }

            if (character == quote)
            {
                position++;
                break;
            }

            text.Append(character);
            position++;
        }

        return (new Field(text.ToString(), true), FindEnd(record, Math.Min(position, record.Length), delimiter).Next);
    }
}
