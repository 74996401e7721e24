namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Reads one record byte by byte, whatever it is like. A quote opens only at the start of a field, spaces before it left out;
/// behind the closing quote and spaces a delimiter or the record's end follows, or the record is a misfit. Ends of records are
/// those of <see cref="Sources.RecordSplitter"/>. Where whitespace separates, runs of spaces and tabs are one delimiter, and none
/// at both ends of a record.
/// </summary>
internal sealed unsafe class RecordWalker(TextForm form, WantedFields wanted)
{
    private readonly byte[] _delimiter = form.Delimiter;

    /// <summary>Reads the record at <paramref name="start"/>; a blank line adds nothing.</summary>
    /// <returns>False when its end is not in the text; then nothing is added and <paramref name="next"/> is its start.</returns>
    public bool Walk(
        byte* text, int start, int limit, bool isLast, FieldBounds bounds, List<Misfit> misfits, ref int rows, out int next)
    {
        next = start;
        MisfitFault? fault = null;
        var position = form.IsWhitespace ? SkipBlanks(text, start, limit) : start;
        if (position > start && IsAtEnd(text, position, limit))
        {
            return FinishBlank(text, position, limit, isLast, ref next);
        }

        for (var field = 0; ; field++)
        {
            var from = position;
            position = IsQuoted(text, position, limit, out var quote)
                ? WalkQuoted(text, quote, limit, isLast, ref fault)
                : FindFieldEnd(text, position, limit);
            if (position < 0 || (position == limit && !isLast))
            {
                return false;
            }

            if (quote >= 0)
            {
                from = quote;
            }

            var end = position;
            if (quote >= 0)
            {
                // Spaces behind the closing quote belong to nothing.
                end = fault is null ? TrimSpaces(text, from, end) : end;
            }

            if (field < wanted.Width && wanted.Slots[field] is >= 0 and var slot)
            {
                (bounds.Starts(slot)[rows], bounds.Ends(slot)[rows]) = (from, end);
            }

            if (position < limit && IsDelimiter(text, position, limit))
            {
                position = form.IsWhitespace ? SkipBlanks(text, position, limit) : position + _delimiter.Length;
                if (!form.IsWhitespace || !IsAtEnd(text, position, limit))
                {
                    continue;
                }

                // The last field ended before these blanks.
                if (position == limit && !isLast)
                {
                    return false;
                }
            }

            Finish(text, start, position, field + 1, limit, fault, bounds, misfits, ref rows, out next);
            return true;
        }
    }

    private static bool FinishBlank(byte* text, int end, int limit, bool isLast, ref int next)
    {
        if (end == limit && !isLast)
        {
            return false;
        }

        next = BehindLine(text, end, limit);
        return true;
    }

    private void Finish(
        byte* text, int start, int end, int fields, int limit, MisfitFault? fault, FieldBounds bounds, List<Misfit> misfits,
        ref int rows, out int next)
    {
        next = BehindLine(text, end, limit);
        if (end == start && !form.BlankLineIsRow)
        {
            return;
        }

        if (fault is { } wrong || fields != wanted.Width)
        {
            misfits.Add(new Misfit(rows, start, end, fault ?? MisfitFault.FieldCount, fields));
            return;
        }

        bounds.Records[rows++] = start;
    }

    private static int BehindLine(byte* text, int end, int limit) =>
        end >= limit ? end : end + (text[end] == (byte)'\r' && end + 1 < limit && text[end + 1] == (byte)'\n' ? 2 : 1);

    private static int SkipBlanks(byte* text, int position, int limit)
    {
        while (position < limit && text[position] is (byte)' ' or (byte)'\t')
        {
            position++;
        }

        return position;
    }

    private static bool IsAtEnd(byte* text, int position, int limit) =>
        position == limit || text[position] is (byte)'\n' or (byte)'\r';

    private bool IsQuoted(byte* text, int position, int limit, out int quote)
    {
        quote = -1;
        if (form.Quote is not { } mark)
        {
            return false;
        }

        if (form.SpacesMayLead)
        {
            while (position < limit && text[position] == (byte)' ')
            {
                position++;
            }
        }

        if (position < limit && text[position] == mark)
        {
            quote = position;
            return true;
        }

        return false;
    }

    // Answers where the field ends, or -1 when that is not in the text.
    private int WalkQuoted(byte* text, int quote, int limit, bool isLast, ref MisfitFault? fault)
    {
        var close = FindClose(text, quote + 1, limit);
        if (close < 0)
        {
            fault = MisfitFault.OpenQuote;
            return isLast ? limit : -1;
        }

        // A quote at the border may be the first of two.
        if (close + 1 == limit && !isLast)
        {
            return -1;
        }

        var end = FindFieldEnd(text, close + 1, limit);
        if (TrimSpaces(text, close + 1, end) > close + 1)
        {
            fault ??= MisfitFault.TextBehindQuote;
        }

        return end;
    }

    private int FindClose(byte* text, int position, int limit)
    {
        var mark = form.Quote!.Value;
        while (position < limit)
        {
            var byteHere = text[position];
            if (byteHere == form.Escape && (form.Escape != mark || (position + 1 < limit && text[position + 1] == mark)))
            {
                position += 2;
            }
            else if (byteHere == mark)
            {
                return position;
            }
            else
            {
                position++;
            }
        }

        return -1;
    }

    private int FindFieldEnd(byte* text, int position, int limit)
    {
        while (true)
        {
            var left = new ReadOnlySpan<byte>(text + position, limit - position);
            var found = form.IsWhitespace ? left.IndexOfAny(" \t\n\r"u8) : left.IndexOfAny(_delimiter[0], (byte)'\n', (byte)'\r');
            if (found < 0)
            {
                return limit;
            }

            position += found;
            if (form.IsWhitespace || text[position] != _delimiter[0] || IsDelimiter(text, position, limit))
            {
                return position;
            }

            position++;
        }
    }

    private bool IsDelimiter(byte* text, int position, int limit) => form.IsWhitespace
        ? text[position] is (byte)' ' or (byte)'\t'
        : text[position] == _delimiter[0]
            && (_delimiter.Length == 1 || new ReadOnlySpan<byte>(text + position, limit - position).StartsWith(_delimiter));

    private int TrimSpaces(byte* text, int from, int end)
    {
        while (form.SpacesMayLead && end > from && text[end - 1] == (byte)' ')
        {
            end--;
        }

        return end;
    }
}
