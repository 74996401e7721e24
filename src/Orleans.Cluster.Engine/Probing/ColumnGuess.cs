namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// What samples of one column have shown so far. Kept small: a wide table has thousands, and a dataset many files of it.
/// </summary>
internal struct ColumnGuess
{
    // What a value was not, so that a fresh one may be anything.
    private ValueTypes _not;
    private ValueTypes _notBesideWords;
    private ValueTypes _notWithComma;
    private int _words;
    private bool _hasComma;

    /// <summary>Values that are not NULL.</summary>
    public int Values { get; private set; }

    /// <summary>Values that are a word such as NA.</summary>
    public int WordCount { get; private set; }

    /// <summary>The narrowest type that holds all values; null without a value.</summary>
    public readonly string? Type => Values == 0 ? null : Narrowest(ValueTypes.All & ~_not);

    /// <summary>
    /// The type that the column would have if its words meant NULL; null when they are all that there is, or when there are none.
    /// </summary>
    public readonly string? TypeBesideWords =>
        _words == 0 || WordCount == Values ? null : Narrowest(ValueTypes.All & ~_notBesideWords);

    /// <summary>The words, as they are usually written.</summary>
    public readonly IEnumerable<string> Words => NullWords.Of(_words);

    /// <summary>Whether all values were numbers if the comma were their decimal separator, and some have one.</summary>
    public readonly bool IsNumberWithComma => _hasComma && (_notWithComma & ValueTypes.Double) == 0;

    /// <summary>Adds a value.</summary>
    /// <param name="text">The field.</param>
    /// <param name="isQuoted">Whether it stood in quotes.</param>
    /// <param name="point">Decimal separator.</param>
    public void Add(ReadOnlySpan<char> text, bool isQuoted, char point)
    {
        Values++;
        var types = ValueShape.Of(text, point);
        _not |= ~types;
        var word = isQuoted || types != ValueTypes.None ? -1 : NullWords.IndexOf(text);
        if (word >= 0)
        {
            WordCount++;
            _words |= 1 << word;
            return;
        }

        _notBesideWords |= ~types;
        if (types == ValueTypes.None && point == '.' && text.Contains(','))
        {
            _hasComma = true;
            types = ValueShape.Of(text, ',');
        }

        _notWithComma |= ~types;
    }

    /// <summary>Adds what other samples of the column have shown.</summary>
    public void Add(in ColumnGuess other)
    {
        _not |= other._not;
        _notBesideWords |= other._notBesideWords;
        _notWithComma |= other._notWithComma;
        _words |= other._words;
        _hasComma |= other._hasComma;
        Values += other.Values;
        WordCount += other.WordCount;
    }

    private static string Narrowest(ValueTypes types) =>
        types.HasFlag(ValueTypes.Boolean) ? "BOOLEAN"
        : types.HasFlag(ValueTypes.BigInt) ? "BIGINT"
        : types.HasFlag(ValueTypes.Double) ? "DOUBLE"
        : types.HasFlag(ValueTypes.Date) ? "DATE"
        : types.HasFlag(ValueTypes.Timestamp) ? "TIMESTAMP"
        : "VARCHAR";
}
