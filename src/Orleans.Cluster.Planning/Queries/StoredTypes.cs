using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Types that a Parquet file does not keep as they are, and what stands for them between stages and in results.
/// </summary>
internal static partial class StoredTypes
{
    private static readonly HashSet<string> Integers = new(StringComparer.Ordinal)
    {
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    };

    /// <inheritdoc cref="StoredType.BetweenStages"/>
    public static string Of(string type) => StoredType.BetweenStages(type);

    /// <summary>Columns as a file has them.</summary>
    public static IReadOnlyList<ColumnSchema> Of(IEnumerable<ColumnSchema> columns) =>
        [.. columns.Select(column => column with { Type = Of(column.Type) })];

    /// <summary>What selects all columns of a table in their other types: <c>*</c>, or <c>* REPLACE (...)</c>.</summary>
    public static string SelectAll(IReadOnlyList<ColumnSchema> from, IReadOnlyList<ColumnSchema> to)
    {
        var casts = from.Zip(to).Where(pair => pair.First.Type != pair.Second.Type)
            .Select(pair => $"CAST({SqlText.Name(pair.First.Name)} AS {pair.Second.Type}) AS {SqlText.Name(pair.First.Name)}")
            .ToList();
        return casts.Count == 0 ? "*" : $"* REPLACE ({string.Join(", ", casts)})";
    }

    /// <summary>Whether values of a type have fields with names.</summary>
    public static bool HasFields(string type) => type.Contains("STRUCT(", StringComparison.Ordinal);

    /// <summary>
    /// Requires the same fields in each pair of columns. A cast between structs goes by name and turns a field that is missing
    /// into NULL, so a plan that has lost one must not get as far as a cast.
    /// </summary>
    /// <exception cref="InvalidOperationException">A column of the plan lacks a field, or has another.</exception>
    public static void RequireFields(IReadOnlyList<ColumnSchema> bound, IReadOnlyList<ColumnSchema> planned)
    {
        foreach (var (wanted, has) in bound.Zip(planned))
        {
            if ((HasFields(wanted.Type) || HasFields(has.Type))
                && !Fields(wanted.Type).SequenceEqual(Fields(has.Type), StringComparer.Ordinal))
            {
                throw new InvalidOperationException(
                    $"The plan has column {wanted.Name} as {has.Type}, its query as {wanted.Type}.");
            }
        }
    }

    private static IEnumerable<string> Fields(string type) =>
        FieldName().Matches(type).Select(match => match.Groups["name"].Value);

    // A name and a type behind it, after the parenthesis or a comma.
    [GeneratedRegex("""(?:STRUCT\(|, )(?<name>"(?:[^"]|"")*"|\w+) (?=[A-Z"])""",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex FieldName();

    /// <summary>Whether it is a type of whole numbers.</summary>
    public static bool IsInteger(string type) => Integers.Contains(type);

    /// <summary>Whether it is a type of numbers.</summary>
    public static bool IsNumeric(string type) =>
        IsInteger(type) || type is "DOUBLE" or "FLOAT" || type.StartsWith("DECIMAL", StringComparison.Ordinal);

    /// <summary>Values that columns of a type have at most, as a rule: a guide for estimates.</summary>
    public static double MostValues(string type) => type switch
    {
        "BOOLEAN" => 2,
        "TINYINT" or "UTINYINT" => 256,
        "SMALLINT" or "USMALLINT" => 65_536,
        "DATE" => 20_000,
        _ => double.MaxValue,
    };

    /// <summary>Bytes of a value in memory, about.</summary>
    public static double Width(string type, double textWidth) => type switch
    {
        "BOOLEAN" or "TINYINT" or "UTINYINT" => 1,
        "SMALLINT" or "USMALLINT" => 2,
        "INTEGER" or "UINTEGER" or "FLOAT" or "DATE" => 4,
        "HUGEINT" or "UHUGEINT" or "INTERVAL" or "UUID" => 16,
        "VARCHAR" or "BLOB" => textWidth,
        _ when type.EndsWith(']') || type.StartsWith("STRUCT", StringComparison.Ordinal)
            || type.StartsWith("MAP", StringComparison.Ordinal)
            => 4 * textWidth,
        _ => 8,
    };

    /// <summary>
    /// The type in which keys of a join are hashed, so that keys that compare as equal have one hash; null where no such type is
    /// known.
    /// </summary>
    public static string? Common(string left, string right)
    {
        if (left == right)
        {
            return left;
        }

        if (IsInteger(left) && IsInteger(right))
        {
            return "HUGEINT";
        }

        if (IsNumeric(left) && IsNumeric(right))
        {
            // A float and an exact number are compared as floats; everything else at most as doubles.
            return (left, right) is ("FLOAT", not "DOUBLE") or (not "DOUBLE", "FLOAT") ? "FLOAT" : "DOUBLE";
        }

        return (left, right) is ("DATE", "TIMESTAMP") or ("TIMESTAMP", "DATE") ? "TIMESTAMP" : null;
    }
}
