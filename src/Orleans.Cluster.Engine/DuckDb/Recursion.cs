using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// The bounds of recursive queries. The engine has none, so the planner lets every round and every row of a recursive part draw a
/// number of a sequence, and the sequences end.
/// </summary>
internal static class Recursion
{
    /// <summary>Rounds of all recursive queries of one task at most.</summary>
    public const int MaxRounds = 10_000;

    /// <summary>Rows that their recursive parts make at most.</summary>
    public const int MaxRows = 1_000_000;

    /// <summary>Make the sequences in an instance.</summary>
    public static IReadOnlyList<string> CreateSequences { get; } =
        [Create(TaskSpec.RecursionRounds, MaxRounds), Create(TaskSpec.RecursionRows, MaxRows)];

    /// <summary>Whether a query draws from them.</summary>
    public static bool IsIn(string query) => query.Contains(TaskSpec.RecursionRounds, StringComparison.Ordinal);

    /// <summary>What is said when an exception is the end of one of them; null for any other.</summary>
    public static string? Refusal(DuckDBException exception) =>
        IsEnd(exception, TaskSpec.RecursionRounds) ? Refusal(MaxRounds, "rounds")
        : IsEnd(exception, TaskSpec.RecursionRows) ? Refusal(MaxRows, "rows")
        : null;

    private static string Create(string name, int most) =>
        string.Create(CultureInfo.InvariantCulture, $"CREATE SEQUENCE {name} MAXVALUE {most} NO CYCLE");

    private static bool IsEnd(DuckDBException exception, string name) =>
        exception.Message.Contains($"\"{name}\"", StringComparison.Ordinal);

    private static string Refusal(int most, string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"The recursive query made more than {most:N0} {what}. Let it end sooner, by a condition in its recursive part.");
}
