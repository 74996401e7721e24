using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Finds records and the bounds of their wanted fields, 64 bytes at a time: compares give the bits of delimiters, line ends and
/// quotes, the prefix xor of the quotes' bits tells what is inside quotes, and of the delimiters left only those that bound a
/// wanted field are looked up. That is right where each quote opens a field, closes one or is doubled. Where a bit says otherwise
/// (a quote inside unquoted text, spaces around quotes, an escape character), the record is walked byte by byte by
/// <see cref="RecordWalker"/>.
/// </summary>
internal sealed unsafe class RecordScanner(TextForm form, WantedFields wanted)
{
    /// <summary>Bytes behind a text that may be read.</summary>
    public const int Padding = 64;

    private readonly RecordWalker _walker = new(form, wanted);
    private readonly bool _walksAll = form.Delimiter.Length > 1 || form.IsWhitespace;
    private readonly byte _delimiter = form.Delimiter[0];
    private readonly bool _hasQuote = form.Quote is not null;
    private readonly byte _quote = form.Quote ?? 0;
    private readonly bool _hasEscape = form.HasOwnEscape;
    private readonly byte _escape = form.Escape;
    private readonly bool _blankIsRow = form.BlankLineIsRow;

    /// <summary>Finds rows until a batch is full or the text ends.</summary>
    /// <param name="text">A window, with <see cref="Padding"/> bytes behind it that are zero or text.</param>
    /// <param name="start">Start of a record.</param>
    /// <param name="end">Behind the last byte.</param>
    /// <param name="isLast">Whether nothing follows the window, so that its end ends the last record.</param>
    /// <param name="bounds">Takes the rows.</param>
    /// <param name="misfits">Takes the records that are no rows.</param>
    /// <param name="next">
    /// Start of the first record that was not looked at: the end, or one whose end is not in the window, or one for the next
    /// batch.
    /// </param>
    /// <returns>Rows found.</returns>
    public int Scan(byte* text, int start, int end, bool isLast, FieldBounds bounds, List<Misfit> misfits, out int next)
    {
        // A CR at the border may be the first half of a line end.
        var limit = end;
        if (!isLast && end > start && text[end - 1] == (byte)'\r')
        {
            limit--;
        }

        var rows = 0;
        next = start;
        while (rows < bounds.Capacity && next < limit)
        {
            if (!_walksAll)
            {
                var isOdd = ScanBlocks(text, next, limit, bounds, misfits, ref rows, out next);
                if (rows == bounds.Capacity || next == limit || (!isOdd && !isLast))
                {
                    break;
                }
            }

            // An odd record, or the last one, whose line has no end.
            if (!_walker.Walk(text, next, limit, isLast, bounds, misfits, ref rows, out next))
            {
                break;
            }
        }

        return rows;
    }

    // Optimised at once: it is hot from the first call on, and as good as the whole of a scan of few columns.
    // Answers false when the text ends inside the record at `next`; true when the batch is full or the record at `next` has to be
    // walked.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool ScanBlocks(
        byte* text, int start, int limit, FieldBounds bounds, List<Misfit> misfits, ref int rows, out int next)
    {
        var wantedFields = wanted;
        var ordinals = wantedFields.Ordinals;
        var lastOrdinal = wantedFields.Width - 1;
        var (starts, fieldEnds, capacity) = ((nint)bounds.Starts(0), (nint)bounds.Ends(0), (nint)bounds.Capacity);
        var row = rows;
        var record = start;
        var seen = 0;
        var target = 0;
        ulong inQuote = 0, carrySeparator = 1, carryClose = 0, carryCr = 0;
        for (var position = start; position < limit; position += 64)
        {
            var bits = BlockBits.Read(text + position, _delimiter, _quote, _hasQuote);
            var left = limit - position;
            var here = left >= 64 ? ulong.MaxValue : (1UL << left) - 1;
            ulong delimiters, ends, usable = here, odd = 0;
            if (_hasQuote)
            {
                var quotes = bits.Quotes & here;
                var inside = BlockBits.PrefixXor(quotes) ^ inQuote;
                var outside = ~inside & here;
                delimiters = bits.Delimiters & outside;
                var cr = bits.Cr & outside;
                ends = (bits.Lf & outside & ~((cr << 1) | carryCr)) | cr;
                var separators = delimiters | (bits.Lf & outside) | cr;
                if ((quotes | carryClose) != 0)
                {
                    var opened = quotes & inside;
                    var closed = quotes & ~inside;
                    var behindClosed = (closed << 1) | carryClose;
                    odd = (opened & ~((separators << 1) | carrySeparator | behindClosed))
                        | (behindClosed & ~(separators | quotes) & here);
                    carryClose = closed >> 63;
                }

                carrySeparator = separators >> 63;
                carryCr = cr >> 63;
                inQuote = (ulong)((long)inside >> 63);
                if (_hasEscape)
                {
                    odd |= BlockBits.Find(text + position, _escape) & here;
                }

                if (odd != 0)
                {
                    usable = (odd & (0 - odd)) - 1;
                    delimiters &= usable;
                    ends &= usable;
                }
            }
            else
            {
                delimiters = bits.Delimiters & here;
                var cr = bits.Cr & here;
                ends = (bits.Lf & here & ~((cr << 1) | carryCr)) | cr;
                carryCr = cr >> 63;
            }

            while (true)
            {
                // Delimiters up to the next end of a record.
                var upTo = ends ^ (ends - 1);
                var part = ends == 0 ? delimiters : delimiters & upTo;
                var count = BitOperations.PopCount(part);
                while (ordinals[target] <= seen + count)
                {
                    var at = position + Select(part, ordinals[target] - seen - 1);
                    var ended = wantedFields.Ended[target];
                    if (ended >= 0)
                    {
                        ((int*)fieldEnds)[(ended * capacity) + row] = at;
                    }

                    var begun = wantedFields.Begun[target];
                    if (begun >= 0)
                    {
                        ((int*)starts)[(begun * capacity) + row] = at + 1;
                    }

                    target++;
                }

                seen += count;
                if (ends == 0)
                {
                    break;
                }

                var lineEnd = position + BitOperations.TrailingZeroCount(ends);
                if (lineEnd == record && !_blankIsRow)
                {
                    // A blank line.
                }
                else if (seen == lastOrdinal)
                {
                    bounds.Records[row] = record;
                    if (wantedFields.FirstSlot >= 0)
                    {
                        bounds.Starts(wantedFields.FirstSlot)[row] = record;
                    }

                    if (wantedFields.LastSlot >= 0)
                    {
                        bounds.Ends(wantedFields.LastSlot)[row] = lineEnd;
                    }

                    row++;
                }
                else
                {
                    misfits.Add(new Misfit(row, record, lineEnd, MisfitFault.FieldCount, seen + 1));
                }

                record = lineEnd + 1;
                if (text[lineEnd] == (byte)'\r' && record < limit && text[record] == (byte)'\n')
                {
                    record++;
                }

                (seen, target) = (0, 0);
                if (row == bounds.Capacity)
                {
                    (rows, next) = (row, record);
                    return true;
                }

                delimiters &= ~upTo;
                ends &= ends - 1;
            }

            if (odd != 0)
            {
                (rows, next) = (row, record);
                return true;
            }
        }

        (rows, next) = (row, record);
        return false;
    }

    // The place of the bit that has so many set bits below it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Select(ulong bits, int below)
    {
        if (Bmi2.X64.IsSupported)
        {
            return BitOperations.TrailingZeroCount(Bmi2.X64.ParallelBitDeposit(1UL << below, bits));
        }

        for (; below > 0; below--)
        {
            bits &= bits - 1;
        }

        return BitOperations.TrailingZeroCount(bits);
    }
}
