using System.Globalization;

namespace Orleans.Cluster.EngineTests.Formats.Corpus;

/// <summary>A small table that programs write, each in its own way. A null is a missing value.</summary>
/// <param name="Name">For the name of the file.</param>
/// <param name="Columns">Names.</param>
/// <param name="Types">The types that they should be read as.</param>
/// <param name="Rows">Values: text, whole numbers, decimals, dates, true and false.</param>
/// <param name="IsDoubtful">Whether nothing but a guess tells its header from its rows.</param>
internal sealed record SmallTable(string Name, string[] Columns, string[] Types, object?[][] Rows, bool IsDoubtful = false)
{
    public static IReadOnlyList<SmallTable> All { get; } =
    [
        new("counts", ["gene", "S1", "S2"], ["VARCHAR", "BIGINT", "BIGINT"],
            [["TP53", 5L, 0L], ["BRCA1", 7L, 12L], ["MYC", 0L, 3L], ["EGFR", -1L, 900L]]),
        new(
            "mixed", ["id", "name", "x", "day"], ["BIGINT", "VARCHAR", "DOUBLE", "DATE"],
            [[1L, "a, b", 1.5, new DateOnly(2024, 1, 31)], [2L, "say \"hi\"", -0.25, new DateOnly(1999, 12, 1)],
                [3L, "plain", 1000.125, new DateOnly(2000, 2, 29)]]),
        new("words", ["gene", "tissue"], ["VARCHAR", "VARCHAR"], [["TP53", "liver"], ["MYC", "brain"], ["EGFR", "lung"]],
            IsDoubtful: true),
        new(
            "missing", ["id", "x", "note"], ["BIGINT", "DOUBLE", "VARCHAR"],
            [[1L, 0.5, "a"], [2L, null, "b"], [3L, 2.5, null], [4L, 3.25, "d"]]),
        new("years", ["gene", "2019", "2020"], ["VARCHAR", "BIGINT", "BIGINT"], [["a", 5L, 2L], ["b", 7L, 1L], ["c", 8L, 9L]],
            IsDoubtful: true),
        new("flags", ["id", "flag", "n"], ["BIGINT", "BOOLEAN", "BIGINT"], [[10L, true, 1L], [11L, false, 2L], [12L, true, 3L]]),
    ];

    /// <summary>A value as a result shows it.</summary>
    public static string? Show(object? value) => value switch
    {
        null => null,
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}
