using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Judges the first record of a file by the types of the records below it. A name above numbers is a header. Where no name is, a
/// record of numbers alone is data, and so is one whose fields above numbers and dates are numbers and dates too, unless they are
/// such as people name columns by: years, or 1, 2, 3. Anything else is a header. All of these are a guess that the user hears of.
/// </summary>
internal static class HeaderJudge
{
    private const int FirstYear = 1800;
    private const int LastYear = 2199;

    // Two numbers one after the other are a place (chr1 752565 752566), or codes (F1 I1 1 2), more often than names.
    private const int LeastCount = 3;

    /// <summary>Judges a first record.</summary>
    /// <param name="first">Its fields.</param>
    /// <param name="below">What the sampled records below it have shown.</param>
    /// <param name="hasOneMore">Whether each of them has exactly one field more, which is not always empty.</param>
    /// <param name="options">What the user knows.</param>
    public static HeaderVerdict Judge(
        IReadOnlyList<FieldSplitter.Field> first, IReadOnlyList<ColumnGuess> below, bool hasOneMore, SourceOptions options)
    {
        var point = PointOf(options);
        var areNumbers = AreNumbers(first, point);
        var hasRowNames = hasOneMore && (options.Header == true || !areNumbers);
        if (IsDeclared(options) is { } declared)
        {
            return new HeaderVerdict(declared, HeaderEvidence.Declared, declared && hasRowNames);
        }

        var columnsBelow = hasRowNames ? [.. below.Skip(1)] : below;
        var (names, oddities, values) = Compare(first, columnsBelow, point);
        if (options.Columns is { Count: > 0 } columns)
        {
            var verdict = JudgeDeclared(first, columns, point) ?? new HeaderVerdict(false, HeaderEvidence.Guessed);
            return verdict with { HasRowNames = verdict.IsHeader && hasRowNames };
        }

        // With a field less than all others it is no record of theirs.
        var isCertain = hasRowNames || (names > 0 && oddities == 0 && values == 0);
        var isData = areNumbers || (values > 0 && !hasRowNames && !MayBeNames(first, columnsBelow));
        return names + oddities == 0 && isData
            ? new HeaderVerdict(false, HeaderEvidence.Guessed)
            : new HeaderVerdict(true, isCertain ? HeaderEvidence.Types : HeaderEvidence.Guessed, hasRowNames);
    }

    /// <summary>Whether the user said that there is a header, or that there is none; null when not.</summary>
    public static bool? IsDeclared(SourceOptions options) => options.Header ?? (options.HeaderLines is null ? null : true);

    /// <summary>Decimal separator of a source.</summary>
    public static char PointOf(SourceOptions options) => options.Decimal is [var point] ? point : '.';

    // Declared names in the record make it a header; else it has to fit the declared types, field by field.
    private static HeaderVerdict? JudgeDeclared(
        IReadOnlyList<FieldSplitter.Field> first, IReadOnlyDictionary<string, string> columns, char point)
    {
        var declared = columns.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (first.Any(field => declared.Contains(field.Text)))
        {
            return new HeaderVerdict(true, HeaderEvidence.Types);
        }

        var typed = first.Zip(columns.Values)
            .Where(pair => KindOf(pair.Second) != ValueTypes.None && !IsEmpty(pair.First)).ToList();
        return typed.Count == 0 ? null
            : new HeaderVerdict(typed.Any(pair => IsName(pair.First, KindOf(pair.Second), point)), HeaderEvidence.Types);
    }

    // Fields that are no value of their column's type: names, and what begins as a number does (1-2, 12kg). And fields that are.
    private static (int Names, int Oddities, int Values) Compare(
        IReadOnlyList<FieldSplitter.Field> first, IReadOnlyList<ColumnGuess> below, char point)
    {
        var (names, oddities, values) = (0, 0, 0);
        for (var i = 0; i < Math.Min(first.Count, below.Count); i++)
        {
            var kind = below[i].Type is { } type ? KindOf(type) : ValueTypes.None;
            if (kind == ValueTypes.None || IsEmpty(first[i]))
            {
                continue;
            }

            if (!IsName(first[i], kind, point))
            {
                values++;
            }
            else if (char.IsAsciiDigit(first[i].Text.Trim()[0]) || first[i].Text.Trim()[0] is '+' or '-' or '.')
            {
                oddities++;
            }
            else
            {
                names++;
            }
        }

        return (names, oddities, values);
    }

    // Whether the fields above columns of values may be their names all the same: years, numbers one after the other, and values
    // in letters (Inf, true).
    private static bool MayBeNames(IReadOnlyList<FieldSplitter.Field> first, IReadOnlyList<ColumnGuess> below)
    {
        var texts = first.Zip(below)
            .Where(pair => KindOf(pair.Second.Type ?? "") != ValueTypes.None && !IsEmpty(pair.First))
            .Select(pair => pair.First.Text.Trim()).ToList();
        var numbers = texts.Select(text =>
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToList();
        return texts.Any(text => char.IsAsciiLetter(text.TrimStart('+', '-').FirstOrDefault()))
            || (numbers.All(number => number is >= FirstYear and <= LastYear) && numbers.Distinct().Count() == numbers.Count)
            || (numbers.Count >= LeastCount && numbers[0] is 0 or 1
                && numbers.Index().All(number => number.Item == numbers[0] + number.Index));
    }

    private static bool IsName(FieldSplitter.Field field, ValueTypes kind, char point) =>
        (ValueShape.Of(field.Text.AsSpan().Trim(), point) & kind) == 0;

    private static bool IsEmpty(FieldSplitter.Field field) => NullWords.IndexOf(field.Text.AsSpan().Trim()) >= 0;

    private static bool AreNumbers(IReadOnlyList<FieldSplitter.Field> fields, char point) =>
        fields.All(field => IsEmpty(field) || !IsName(field, ValueTypes.Double | ValueTypes.BigInt, point))
        && fields.Any(field => !IsEmpty(field));

    // All numbers are one kind here: 1.5 above whole numbers is a value.
    private static ValueTypes KindOf(string type)
    {
        var name = type.Split('(')[0].Trim().ToUpperInvariant();
        return name switch
        {
            "BOOLEAN" or "BOOL" => ValueTypes.Boolean,
            "TINYINT" or "SMALLINT" or "INTEGER" or "INT" or "BIGINT" or "HUGEINT" or "UTINYINT" or "USMALLINT" or "UINTEGER"
                or "UBIGINT" or "UHUGEINT"
                or "FLOAT" or "REAL" or "DOUBLE" or "DECIMAL" or "NUMERIC" => ValueTypes.BigInt | ValueTypes.Double,
            "DATE" or "TIMESTAMP" or "DATETIME" => ValueTypes.Date | ValueTypes.Timestamp,
            _ => ValueTypes.None,
        };
    }
}
