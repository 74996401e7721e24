using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>The sampled records of one file below its first: how wide they are, and which types their values may have.</summary>
internal sealed class BelowRecords
{
    private readonly IReadOnlyList<List<FieldSplitter.Field>> _rows;
    private readonly List<FieldSplitter.Field> _first;
    private readonly TextDialect _dialect;
    private readonly int _width;
    private readonly ColumnGuess[] _guesses;

    public BelowRecords(
        IReadOnlyList<List<FieldSplitter.Field>> rows, List<FieldSplitter.Field> first, TextDialect dialect,
        CancellationToken cancellationToken)
    {
        (_rows, _first, _dialect) = (rows, first, dialect);
        _width = rows.Count == 0 ? first.Count : DialectFinder.Mode(rows.Select(row => row.Count));
        _guesses = Guess(cancellationToken);
        if (first.Count == _width - 1 && _guesses[^1].Values == 0 && rows.Any(row => row.Count == first.Count))
        {
            // Where some records end with their last field, a separator behind it is one too many, and no empty column.
            _width = first.Count;
            _guesses = Guess(cancellationToken);
        }
    }

    private ColumnGuess[] Guess(CancellationToken cancellationToken)
    {
        var guesses = new ColumnGuess[_width];
        foreach (var row in _rows.Where(row => row.Count == _width))
        {
            cancellationToken.ThrowIfCancellationRequested();
            AddTo(guesses, row, _dialect);
        }

        return guesses;
    }

    /// <summary>Adds the fields of a record to what is known of its columns.</summary>
    public static void AddTo(ColumnGuess[] guesses, IReadOnlyList<FieldSplitter.Field> row, TextDialect dialect)
    {
        for (var i = 0; i < Math.Min(row.Count, guesses.Length); i++)
        {
            if (row[i].Quoted || !dialect.NullValues.Contains(row[i].Text))
            {
                guesses[i].Add(row[i].Text, row[i].Quoted, dialect.Decimal[0]);
            }
        }
    }

    /// <summary>Completes what is known of the file.</summary>
    /// <param name="look">What is known without the records.</param>
    /// <param name="comment">Fields of the comment line directly above them, if there is one.</param>
    /// <param name="options">What the user knows.</param>
    public TextLook Describe(TextLook look, List<FieldSplitter.Field>? comment, SourceOptions options)
    {
        var lastIsEmpty = _rows.Count > 0 && _width > 1 && _guesses[^1].Values == 0;
        var hasOneMore = _rows.Count > 0 && _first.Count == _width - 1 && !lastIsEmpty && _rows.All(row => row.Count == _width);
        look = look with
        {
            First = _first,
            Verdict = HeaderJudge.Judge(_first, _guesses, hasOneMore, options),
            Width = _width,
            LastIsEmpty = lastIsEmpty,
            Below = _guesses,
            IsRagged = _rows.Any(row => row.Count != _width) || (_first.Count != _width && !hasOneMore),
        };
        return comment is not null && HeaderOf(comment, look, options) is { } verdict
            ? look with { First = comment, Verdict = verdict, BelowHeader = look.AsData, Below = WithFirst() }
            : look;
    }

    // "#CHROM POS ..." is a header in a comment's clothes; "# made by x" is none. A line of names below it is the header, not it.
    private HeaderVerdict? HeaderOf(List<FieldSplitter.Field> comment, TextLook look, SourceOptions options)
    {
        if (comment.Count < 2 || comment.Count != _width || _first.Count != _width || options.Header == false
            || options.HeaderLines is not null
            || (look.Verdict is { IsHeader: true, How: HeaderEvidence.Types }))
        {
            return null;
        }

        var verdict = HeaderJudge.Judge(comment, WithFirst(), false, options with { Header = null });
        var isProse = comment[0].Text.StartsWith("# ", StringComparison.Ordinal);
        return !verdict.IsHeader || (isProse && verdict.How != HeaderEvidence.Types) ? null
            : options.Header == true ? verdict with { How = HeaderEvidence.Declared }
            : isProse ? verdict with { How = HeaderEvidence.Guessed }
            : verdict;
    }

    private ColumnGuess[] WithFirst()
    {
        var guesses = (ColumnGuess[])_guesses.Clone();
        if (_first.Count == _width)
        {
            AddTo(guesses, _first, _dialect);
        }

        return guesses;
    }
}
