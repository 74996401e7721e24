using System.Globalization;
using DuckDB.NET.Data;

namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>Rows as texts of their values, to be compared.</summary>
internal static class RowTexts
{
    public static string?[] Of(DuckDBDataReader reader) =>
        [.. Enumerable.Range(0, reader.FieldCount).Select(index => reader.IsDBNull(index) ? null : reader.GetString(index))];

    /// <summary>What differs; null where nothing does. Numbers may differ in their last digits.</summary>
    public static string? Difference(IReadOnlyList<string?[]> expected, IReadOnlyList<string?[]> actual, bool isOrdered)
    {
        if (!isOrdered)
        {
            expected = [.. expected.OrderBy(Order, StringComparer.Ordinal)];
            actual = [.. actual.OrderBy(Order, StringComparer.Ordinal)];
        }

        if (expected.Count != actual.Count)
        {
            return $"{actual.Count} rows and not {expected.Count}.";
        }

        var row = Enumerable.Range(0, expected.Count).FirstOrDefault(row => !AreSame(expected[row], actual[row]), -1);
        return row < 0
            ? null
            : $"Row {row} is [{string.Join(" | ", actual[row])}] and not [{string.Join(" | ", expected[row])}].";
    }

    // Doubles that differ in their last digits must not change places.
    private static string Order(string?[] row) => string.Join('|', row.Select(text => text is null ? "\0"
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        ? number.ToString("E6", CultureInfo.InvariantCulture) : text));

    private static bool AreSame(string?[] one, string?[] other) => one.Zip(other).All(pair => pair.First == pair.Second
        || (double.TryParse(pair.First, NumberStyles.Float, CultureInfo.InvariantCulture, out var want)
            && double.TryParse(pair.Second, NumberStyles.Float, CultureInfo.InvariantCulture, out var have)
            && Math.Abs(want - have) <= 1e-9 * Math.Max(1, Math.Abs(want))));
}
