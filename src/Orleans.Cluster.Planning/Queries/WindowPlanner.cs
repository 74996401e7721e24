using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Brings the rows of each window together: by the hash of the keys that all windows of a block are separated by.
/// </summary>
internal static class WindowPlanner
{
    /// <summary>The rows where expressions with windows can be computed task by task.</summary>
    public static async Task<Relation> Arrange(PlanDraft draft, Relation rows, IReadOnlyList<JsonObject> expressions)
    {
        var windows = expressions.SelectMany(expression => SqlNodes.Descend(expression, intoSubqueries: false))
            .Where(node => node.IsClass("WINDOW")).ToList();
        if (windows.Count == 0 || rows.Spread is Spread.One)
        {
            return rows;
        }

        var keys = windows.Skip(1).Aggregate(
            windows[0].Items("partitions").DistinctBy(SqlNodes.Key),
            (common, window) => common.IntersectBy(window.Items("partitions").Select(key => SqlNodes.Key(key)), SqlNodes.Key))
            .ToList();
        var used = expressions.SelectMany(SqlNodes.References).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var columns = rows.Columns.Where(column => used.Contains(column.Name))
            .Select(column => SqlText.Name(column.Name)).DefaultIfEmpty($"1 AS {OwnName.One}");
        var trimmed = await draft.Select(rows, $"SELECT {string.Join(", ", columns)} FROM {rows.Source}");
        trimmed = trimmed with { Size = new SizeEstimate(rows.Size.Rows, JoinSize.Bytes(rows, trimmed.Columns)) };
        if (keys.Count == 0)
        {
            return draft.Gather(draft.AddStage(trimmed, "scan", "A window over all rows needs them in one task."));
        }

        if (IsTogether(rows.Spread, keys))
        {
            return rows.Pinned();
        }

        var texts = await draft.RenderExpressions(keys);
        var targets = draft.Limits.Targets(trimmed.Size.Bytes);
        var stage = draft.AddExchange(
            trimmed, "exchange", $"hash({string.Join(", ", texts)}) % {targets}", targets,
            $"Rows of one window come together by the hash of {string.Join(", ", texts)}.");
        return draft.Read(stage, InputMode.Target, new Spread.Hashed(
            [.. keys.Select(key => new HashKey(
                JoinKey.ColumnOf(key) is { } name ? [name] : [],
                JoinKey.ColumnOf(key) is { } column ? rows.Columns.First(c => Scope.Same(c.Name, column)).Type : ""))],
            targets));
    }

    private static bool IsTogether(Spread spread, IReadOnlyList<JsonObject> keys) => spread is Spread.Hashed hashed
        && hashed.Keys.All(hash =>
            keys.Any(key => JoinKey.ColumnOf(key) is { } name && hash.Columns.Contains(name, StringComparer.OrdinalIgnoreCase)));
}
