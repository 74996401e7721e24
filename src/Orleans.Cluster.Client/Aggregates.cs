using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Client;

/// <summary>What to compute for each group, without spelling function names.</summary>
public static class Aggregates
{
    /// <summary>The number of rows.</summary>
    /// <param name="name">Its name in the result.</param>
    public static AggregateSpec CountRows(string name = "rows") => new() { Function = "count", As = name };

    /// <summary>A function of a column.</summary>
    /// <param name="function">The function.</param>
    /// <param name="column">
    /// The column; of <see cref="AggregateFunction.Corr"/> and <see cref="AggregateFunction.CovarSamp"/> two, separated by a
    /// comma.
    /// </param>
    /// <param name="name">Its name in the result; function and column when null.</param>
    public static AggregateSpec Of(AggregateFunction function, string column, string? name = null) =>
        new() { Function = WordOf(function), Column = column, As = name };

    /// <summary>An interpolated quantile of a column.</summary>
    /// <param name="q">Which one, 0 to 1.</param>
    /// <param name="column">The column.</param>
    /// <param name="name">Its name in the result; function and column when null.</param>
    public static AggregateSpec Quantile(double q, string column, string? name = null) =>
        new() { Function = WordOf(AggregateFunction.QuantileCont), Column = column, Q = q, As = name };

    internal static string WordOf(AggregateFunction function) => JsonNamingPolicy.SnakeCaseLower.ConvertName(function.ToString());
}
