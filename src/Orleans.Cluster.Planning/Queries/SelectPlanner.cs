using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Plans;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>Cuts one SELECT into stages.</summary>
internal sealed class SelectPlanner(PlanDraft draft)
{
    /// <summary>The rows of a query; order and limit are left to the caller.</summary>
    /// <exception cref="NotSpreadableException">Some part of it is not understood.</exception>
    public async Task<PlannedQuery> Plan(JsonObject query)
    {
        if (query.Text("type") != "SELECT_NODE" || query["cte_map"].Items("map").Any())
        {
            throw new NotSpreadableException("a set operation or a common table expression");
        }

        var bound = await draft.Bind(await draft.Render(query));
        var names = ResultNames.Unique(bound.Select(column => column.Name));
        var table = (JsonObject)query["from_table"]!;
        if (table.Text("type") != "BASE_TABLE" || table["column_name_alias"] is JsonArray { Count: > 0 })
        {
            throw new NotSpreadableException("more than one table");
        }

        var dataset = draft.Datasets[table.Text("table_name")!];
        var qualifier = table.Text("alias") is { Length: > 0 } alias ? alias : table.Text("table_name")!;
        var scope = new Scope([.. dataset.Columns.Select(column => new ScopeColumn(qualifier, column.Name, column.Name, column.Type))]);
        var block = SelectBlock.Of(query, scope, names);
        if (block.Expressions.SelectMany(expression => SqlNodes.Descend(expression)).Any(node => node.Text("class") is "SUBQUERY" or "WINDOW"))
        {
            throw new NotSpreadableException("a subquery or a window");
        }

        var rows = await Rows(table.Text("table_name")!, block);
        return await Finish(rows, block);
    }

    private async Task<Relation> Rows(string table, SelectBlock block)
    {
        var used = block.Expressions.SelectMany(expression => SqlNodes.Descend(expression)).Where(node => node.IsClass("COLUMN_REF"))
            .Select(node => SqlNodes.ColumnNames(node)[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var rows = draft.Scan(table, [.. used]);
        return block.Where.Count == 0 ? rows : await Filter(rows, block.Where);
    }

    private async Task<Relation> Filter(Relation rows, IReadOnlyList<JsonObject> conditions)
    {
        var texts = new List<string>();
        foreach (var condition in conditions)
        {
            texts.Add(await draft.RenderExpression(condition));
        }

        var filtered = await draft.Select(rows, $"SELECT * FROM {rows.Source} WHERE {string.Join(" AND ", texts)}");
        return filtered with { Size = rows.Size.Times(Selectivity.Of(conditions)) };
    }

    private async Task<PlannedQuery> Finish(Relation rows, SelectBlock block)
    {
        Func<JsonObject, JsonObject> apply = expression => expression;
        if (block.Groups is { } groups)
        {
            IEnumerable<JsonObject> over =
                [.. block.Items.Select(i => i.Expression), .. block.Order.Select(k => k.Expression), .. block.Having is null ? [] : new[] { block.Having }];
            (rows, apply) = await AggregatePlanner.Plan(draft, rows, groups, over);
            if (block.Having is { } having)
            {
                rows = await Filter(rows, [apply(having)]);
            }
        }

        return await Project(rows, block, apply);
    }

    private async Task<PlannedQuery> Project(Relation rows, SelectBlock block, Func<JsonObject, JsonObject> apply)
    {
        var columns = new List<string>();
        foreach (var item in block.Items)
        {
            columns.Add($"{await draft.RenderExpression(apply(item.Expression))} AS {SqlText.Name(item.Name)}");
        }

        var order = new List<SortKey>();
        foreach (var key in block.Order)
        {
            var name = key.Item is { } index ? block.Items[index].Name : $"_o{order.Count}";
            order.Add(new SortKey(name, key.Direction));
            if (key.Item is null)
            {
                columns.Add($"{await draft.RenderExpression(apply(key.Expression))} AS {SqlText.Name(name)}");
            }
        }

        var projected = await draft.Select(rows, $"SELECT {string.Join(", ", columns)} FROM {rows.Source}");
        projected = projected with { Size = SizeEstimate.OfRows(rows.Size.Rows, projected.Columns, 16) };
        var names = block.Items.Select(item => item.Name).ToList();
        return block.IsDistinct
            ? new PlannedQuery(await Distinct(projected, block), names, order, block.Limit, block.Offset)
            : new PlannedQuery(projected, names, order, block.Limit, block.Offset);
    }

    private async Task<Relation> Distinct(Relation rows, SelectBlock block)
    {
        if (block.Order.Any(key => key.Item is null))
        {
            throw new NotSpreadableException("an order by something that DISTINCT drops");
        }

        var keys = rows.Columns.Select(column => SqlNodes.Column(column.Name)).ToList();
        return (await AggregatePlanner.Plan(draft, rows, keys, [])).Grouped;
    }
}

/// <summary>Names of result columns.</summary>
internal static class ResultNames
{
    /// <summary>The names, with <c>_1</c>, <c>_2</c>, ... behind those that came before; a file cannot hold one name twice.</summary>
    public static IReadOnlyList<string> Unique(IEnumerable<string> names)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var unique = new List<string>();
        foreach (var name in names)
        {
            var candidate = name;
            for (var number = 1; !taken.Add(candidate); number++)
            {
                candidate = $"{name}_{number}";
            }

            unique.Add(candidate);
        }

        return unique;
    }
}

/// <summary>Shares of rows that conditions keep, guessed from their form alone.</summary>
internal static class Selectivity
{
    /// <summary>Share that meets all conditions, in (0, 1].</summary>
    public static double Of(IEnumerable<JsonObject> conditions) => Math.Max(1e-6, conditions.Aggregate(1.0, (share, condition) => share * Of(condition)));

    private static double Of(JsonObject condition) => condition.Text("type") switch
    {
        "COMPARE_EQUAL" => 0.1,
        "COMPARE_IN" => Math.Min(0.5, 0.1 * (condition.Items("children").Count() - 1)),
        "COMPARE_BETWEEN" => 0.25,
        "COMPARE_LESSTHAN" or "COMPARE_GREATERTHAN" or "COMPARE_LESSTHANOREQUALTO" or "COMPARE_GREATERTHANOREQUALTO" => 0.4,
        "COMPARE_NOTEQUAL" or "COMPARE_NOT_IN" or "OPERATOR_IS_NOT_NULL" => 0.95,
        "FUNCTION" when condition.Text("function_name") is "~~" or "contains" or "starts_with" or "prefix" => 0.2,
        _ => 0.6,
    };
}
