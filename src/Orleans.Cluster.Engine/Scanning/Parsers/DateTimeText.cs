namespace Orleans.Cluster.Engine.Scanning;

/// <summary>Dates and times of day as written, forward from a place in the text.</summary>
internal unsafe ref struct DateTimeText(byte* start, byte* end)
{
    /// <summary>Days from 1 January 1970 that the engine has for infinity.</summary>
    public const int Infinity = int.MaxValue;

    // The engine's DATE reaches further than what people write; ten digits of a year would overflow on the way.
    private const int MostYear = 5_881_580;
    private const long PicosecondsPerSecond = 1_000_000_000_000;

    private byte* _at = start;
    private readonly byte* _end = end;

    /// <summary>Whether nothing is left.</summary>
    public readonly bool IsAtEnd => _at == _end;

    /// <summary>The next byte; 0 at the end.</summary>
    public readonly byte Next => _at < _end ? *_at : (byte)0;

    /// <summary>Goes on behind a byte if it is the next one.</summary>
    public bool Skip(byte wanted)
    {
        if (Next != wanted || _at == _end)
        {
            return false;
        }

        _at++;
        return true;
    }

    /// <summary>Goes on behind a word, whatever its case, if it is all that is left.</summary>
    public readonly bool IsRest(ReadOnlySpan<byte> word) =>
        _end - _at == word.Length && System.Text.Ascii.EqualsIgnoreCase(new ReadOnlySpan<byte>(_at, word.Length), word);

    /// <summary>
    /// Takes <c>year-month-day</c>, also with <c>/</c>: days from 1 January 1970 in the Gregorian calendar, carried back before
    /// its time.
    /// </summary>
    public bool TryDate(out int days)
    {
        days = 0;
        var isNegative = Skip((byte)'-');
        if (!TryNumber(4, 7, out var year) || year > MostYear)
        {
            return false;
        }

        var separator = Next;
        if (separator is not ((byte)'-' or (byte)'/') || !Skip(separator) || !TryNumber(1, 2, out var month) || !Skip(separator)
            || !TryNumber(1, 2, out var day))
        {
            return false;
        }

        year = isNegative ? -year : year;
        if (month is < 1 or > 12 || day < 1 || day > DaysIn(year, month))
        {
            return false;
        }

        days = DaysFrom(year, month, day);
        return true;
    }

    /// <summary>
    /// Takes <c>hours:minutes[:seconds[.fraction]]</c>. Of a fraction only zeros may stand behind the 12th digit.
    /// </summary>
    /// <param name="seconds">Seconds from midnight.</param>
    /// <param name="picoseconds">Part of a second.</param>
    public bool TryTime(out int seconds, out long picoseconds)
    {
        (seconds, picoseconds) = (0, 0);
        if (!TryNumber(1, 2, out var hour) || !Skip((byte)':') || !TryNumber(2, 2, out var minute) || hour > 24 || minute > 59)
        {
            return false;
        }

        var second = 0;
        if (Skip((byte)':') && (!TryNumber(2, 2, out second) || second > 59 || !TryFraction(ref picoseconds)))
        {
            return false;
        }

        seconds = (((hour * 60) + minute) * 60) + second;
        return seconds < 86_400 || (seconds == 86_400 && picoseconds == 0);
    }

    /// <summary>
    /// Takes <c>Z</c>, <c>UTC</c> or an offset such as <c>+02</c>, <c>+0200</c>, <c>-03:30</c>, a space before it or none, if
    /// there is one.
    /// </summary>
    /// <param name="seconds">Seconds that the local time is ahead of UTC.</param>
    /// <returns>False when something else is left.</returns>
    public bool TryZone(out int seconds)
    {
        seconds = 0;
        if (IsAtEnd)
        {
            return true;
        }

        Skip((byte)' ');
        if (IsRest("Z"u8) || IsRest("UTC"u8))
        {
            _at = _end;
            return true;
        }

        var isWest = Skip((byte)'-');
        if ((!isWest && !Skip((byte)'+')) || !TryNumber(2, 2, out var hours))
        {
            return false;
        }

        var (minutes, rest) = (0, 0);
        Skip((byte)':');
        if (!IsAtEnd && !TryNumber(2, 2, out minutes))
        {
            return false;
        }

        if (Skip((byte)':') && !TryNumber(2, 2, out rest))
        {
            return false;
        }

        seconds = (((hours * 60) + minutes) * 60) + rest;
        seconds = isWest ? -seconds : seconds;
        return hours <= 15 && minutes <= 59 && rest <= 59;
    }

    private bool TryFraction(ref long picoseconds)
    {
        if (!Skip((byte)'.'))
        {
            return true;
        }

        var unit = PicosecondsPerSecond / 10;
        var any = false;
        for (; _at < _end && (uint)(*_at - '0') <= 9; _at++, unit /= 10)
        {
            any = true;
            var digit = *_at - '0';
            if (unit == 0 && digit != 0)
            {
                return false;
            }

            picoseconds += digit * unit;
        }

        return any;
    }

    private bool TryNumber(int least, int most, out int number)
    {
        number = 0;
        var from = _at;
        while (_at < _end && _at - from < most && (uint)(*_at - '0') <= 9)
        {
            number = (number * 10) + (*_at++ - '0');
        }

        return _at - from >= least;
    }

    private static int DaysIn(int year, int month) => month switch
    {
        2 => (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    // Years that begin in March have their odd day at the end.
    private static int DaysFrom(int year, int month, int day)
    {
        var shifted = month <= 2 ? year - 1L : year;
        var era = (shifted >= 0 ? shifted : shifted - 399) / 400;
        var yearOfEra = shifted - (era * 400);
        var dayOfYear = (((153 * (month + (month > 2 ? -3 : 9))) + 2) / 5) + day - 1;
        var dayOfEra = (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear;
        return (int)((era * 146_097) + dayOfEra - 719_468);
    }
}
