using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>A query as a relation, with what is still to be done to its rows: order and limit.</summary>
/// <param name="Relation">The rows. Columns beyond <paramref name="Columns"/> are keys of the order.</param>
/// <param name="Columns">Names of the result columns, in order.</param>
/// <param name="Order">Key columns with their direction, for example <c>"total" DESC NULLS LAST</c>; empty for none.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="Offset">Rows to skip.</param>
internal sealed record PlannedQuery(
    Relation Relation, IReadOnlyList<string> Columns, IReadOnlyList<SortKey> Order, long? Limit, long Offset)
{
    /// <summary>Whether nothing is left to do.</summary>
    public bool IsSettled => Order.Count == 0 && Limit is null && Offset == 0;

    /// <summary>The words of the order, behind a space; empty for none.</summary>
    public string OrderBy =>
        Order.Count == 0
        ? ""
        : $" ORDER BY {string.Join(", ", Order.Select(key => $"r.{SqlText.Name(key.Column)} {key.Direction}"))}";

    /// <summary>The words of the limit, behind a space; empty for none.</summary>
    public string LimitBy => (Limit is null ? "" : $" LIMIT {Limit}") + (Offset == 0 ? "" : $" OFFSET {Offset}");

    /// <summary>The result columns alone.</summary>
    public string SelectColumns => string.Join(", ", Columns.Select(name => $"r.{SqlText.Name(name)}"));
}

/// <summary>A column to order by, and how: <c>ASC NULLS LAST</c>.</summary>
internal sealed record SortKey(string Column, string Direction);
