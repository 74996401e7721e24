using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Cuts one SELECT into stages: tables under their conditions, joins, subqueries, groups, windows, result columns, in this order.
/// </summary>
internal sealed class SelectPlanner(PlanDraft draft, NodePlanner nodes)
{
    private SubqueryPlanner subqueries = null!;

    /// <summary>The rows of a query; order and limit are left to the caller.</summary>
    /// <exception cref="NotSpreadableException">Some part of it is not understood.</exception>
    public async Task<PlannedQuery> Plan(JsonObject query)
    {
        var bound = await draft.Bind(await draft.Render(query));
        var from = await FromClause.Read(draft, (JsonObject)query["from_table"]!);
        subqueries = new SubqueryPlanner(draft, from.Scope, nodes.Rows);
        var block = await subqueries.Plan(
            SelectBlock.Of(query, from.Scope, ResultNames.Unique(bound.Select(column => column.Name))));
        var rows = await Joined(from, block);
        Func<JsonObject, JsonObject> apply = expression => expression;
        if (block.Groups is { } groups)
        {
            (rows, apply) = await AggregatePlanner.Plan(
                draft, rows.With(subqueries.InputsOf(block.WithoutWhere)), groups, block.AfterGroups);
            rows = block.Having is { } having ? await Filter(rows, [apply(having)]) : rows;
        }

        block = block with { Groups = null, Having = null };
        return await Project(await WindowPlanner.Arrange(draft, rows, [.. block.AfterGroups.Select(apply)]), block.Map(apply));
    }

    private async Task<Relation> Joined(FromClause from, SelectBlock block)
    {
        var offered = from.Root.Names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var early = block.Where.Where(condition => Predicates.IsOver(condition, offered)).ToList();
        var late = block.Where.Except(early).ToList();
        var later = block.WithoutWhere.Concat(late).ToList();
        var conditions = subqueries.Joins.SelectMany(join => join.Conditions).ToList();
        var rows = await new FromPlanner(draft, nodes.Derived, Filter).Plan(from.Root, early, Names([.. later, .. conditions]));
        foreach (var join in subqueries.Joins)
        {
            conditions.RemoveAll(join.Conditions.Contains);
            rows = await new JoinPlanner(draft).Join(
                join.Kind, rows, join.Right, join.Conditions, Names([.. later, .. conditions]));
        }

        return await Filter(rows, late);
    }

    private async Task<Relation> Filter(Relation rows, IReadOnlyList<JsonObject> conditions)
    {
        if (conditions.Count == 0)
        {
            return rows;
        }

        var texts = new List<string>();
        foreach (var condition in conditions)
        {
            texts.Add(await draft.RenderExpression(condition));
        }

        var filtered = await draft.Select(
            rows.With(subqueries.InputsOf(conditions)), $"SELECT * FROM {rows.Source} WHERE {string.Join(" AND ", texts)}");
        return filtered with { Size = rows.Size.Times(Selectivity.Of(conditions)) };
    }

    private async Task<PlannedQuery> Project(Relation rows, SelectBlock block)
    {
        var columns = new List<string>();
        foreach (var item in block.Items)
        {
            columns.Add($"{await draft.RenderExpression(item.Expression)} AS {SqlText.Name(item.Name)}");
        }

        var order = new List<SortKey>();
        foreach (var key in block.Order)
        {
            var name = key.Item is { } index ? block.Items[index].Name : $"{OwnName.Prefix}o{order.Count}";
            order.Add(new SortKey(name, key.Direction));
            if (key.Item is null)
            {
                columns.Add($"{await draft.RenderExpression(key.Expression)} AS {SqlText.Name(name)}");
            }
        }

        var qualify = block.Qualify is null ? "" : $" QUALIFY {await draft.RenderExpression(block.Qualify)}";
        var projected = await draft.Select(
            rows.With(subqueries.InputsOf(block.WithoutWhere)),
            $"SELECT {string.Join(", ", columns)} FROM {rows.Source}{qualify}");
        projected = projected with
        {
            Size = SizeEstimate.OfRows(rows.Size.Rows, projected.Columns, 16),
            Distinct = block.Items.ToDictionary(
                item => item.Name, item => DistinctValues.Of(item.Expression, rows), StringComparer.OrdinalIgnoreCase),
            Spread = Renamed(rows.Spread, block.Items),
        };
        var names = block.Items.Select(item => item.Name).ToList();
        return block.IsDistinct
            ? new PlannedQuery(await Distinct(projected, block), names, order, block.Limit, block.Offset)
            : new PlannedQuery(projected, names, order, block.Limit, block.Offset);
    }

    // Rows lie by the same values under their new names.
    private static Spread Renamed(Spread spread, IReadOnlyList<SelectItem> items) => spread is Spread.Hashed hashed
        ? hashed with
        {
            Keys = [.. hashed.Keys.Select(key => key with
            {
                Columns = [.. items.Where(item => JoinKey.ColumnOf(item.Expression) is { } name
                    && key.Columns.Contains(name, StringComparer.OrdinalIgnoreCase))
                    .Select(item => item.Name)],
            })],
        }
        : spread;

    private async Task<Relation> Distinct(Relation rows, SelectBlock block)
    {
        if (block.Order.Any(key => key.Item is null))
        {
            throw new NotSpreadableException("an order by something that DISTINCT drops");
        }

        var keys = rows.Columns.Select(column => SqlNodes.Column(column.Name)).ToList();
        return (await AggregatePlanner.Plan(draft, rows, keys, [])).Grouped;
    }

    private static HashSet<string> Names(IEnumerable<JsonObject> expressions) =>
        expressions.SelectMany(SqlNodes.References).ToHashSet(StringComparer.OrdinalIgnoreCase);
}
