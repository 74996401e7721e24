using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>Reads types as the engine writes them.</summary>
internal sealed class ColumnTypeParser(string text)
{
    // The only types of several words.
    private static readonly string[] Phrases = ["TIMESTAMP WITH TIME ZONE", "TIME WITH TIME ZONE"];

    private int at;

    public ColumnType Parse()
    {
        var type = Type(0);
        return at == text.Length ? type : throw Unexpected();
    }

    private ColumnType Type(int depth)
    {
        if (depth > ColumnType.MaxDepth)
        {
            throw new ClusterException(
                ProblemCode.QueryInvalid, $"A column's type is nested deeper than {ColumnType.MaxDepth} levels.");
        }

        var type = Unsuffixed(depth);
        while (TryTake('['))
        {
            var start = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            var length = text[start..at];
            Take(']');
            type = new ColumnType(length.Length == 0 ? ColumnTypeKind.List : ColumnTypeKind.Array, length, [new("", type)]);
        }

        return type;
    }

    private ColumnType Unsuffixed(int depth)
    {
        var start = at;
        if (Phrases.FirstOrDefault(phrase => text.AsSpan(at).StartsWith(phrase)) is { } phrase)
        {
            at += phrase.Length;
            return ColumnType.Scalar(phrase);
        }

        if (Peek('"'))
        {
            Name();
            return ColumnType.Scalar(text[start..at]);
        }

        var word = Word();
        switch (word)
        {
            case "STRUCT" or "UNION" when TryTake('('):
                return new ColumnType(
                    word == "STRUCT" ? ColumnTypeKind.Struct : ColumnTypeKind.Union, "", Parts(() => Field(depth + 1)));
            case "MAP" when TryTake('('):
                var parts = Parts(() => new ColumnTypePart("", Type(depth + 1)));
                return parts.Count == 2 ? new ColumnType(ColumnTypeKind.Map, "", parts) : throw Unexpected();
            default:
                if (TryTake('('))
                {
                    SkipModifiers();
                }

                return ColumnType.Scalar(text[start..at]);
        }
    }

    // A field has a name if a blank follows what could be one.
    private ColumnTypePart Field(int depth)
    {
        if (Phrases.Any(phrase => text.AsSpan(at).StartsWith(phrase)))
        {
            return new ColumnTypePart("", Type(depth));
        }

        var start = at;
        var name = Peek('"') ? Name() : Word();
        if (TryTake(' '))
        {
            return new ColumnTypePart(name, Type(depth));
        }

        at = start;
        return new ColumnTypePart("", Type(depth));
    }

    private List<ColumnTypePart> Parts(Func<ColumnTypePart> part)
    {
        var parts = new List<ColumnTypePart>();
        do
        {
            TryTake(' ');
            parts.Add(part());
        }
        while (TryTake(','));
        Take(')');
        return parts;
    }

    private string Name()
    {
        var name = new System.Text.StringBuilder();
        at++;
        while (at < text.Length)
        {
            if (text[at] != '"')
            {
                name.Append(text[at++]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '"')
            {
                name.Append('"');
                at += 2;
            }
            else
            {
                at++;
                return name.ToString();
            }
        }

        throw Unexpected();
    }

    private string Word()
    {
        var start = at;
        while (at < text.Length && (text[at] > '\x7F' || char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '$'))
        {
            at++;
        }

        return at > start ? text[start..at] : throw Unexpected();
    }

    // Numbers of a DECIMAL, values of an ENUM: up to the closing parenthesis that is in no quotes.
    private void SkipModifiers()
    {
        var quoted = false;
        while (at < text.Length)
        {
            var c = text[at++];
            quoted ^= c == '\'';
            if (c == ')' && !quoted)
            {
                return;
            }
        }

        throw Unexpected();
    }

    private bool Peek(char c) => at < text.Length && text[at] == c;

    private bool TryTake(char c)
    {
        if (!Peek(c))
        {
            return false;
        }

        at++;
        return true;
    }

    private void Take(char c)
    {
        if (!TryTake(c))
        {
            throw Unexpected();
        }
    }

    private ClusterException Unexpected() =>
        new(ProblemCode.QueryInvalid, $"'{text}' is not a type: unexpected text at position {at}.");
}
