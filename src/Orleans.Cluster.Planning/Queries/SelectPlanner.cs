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
    /// <param name="query">The query.</param>
    /// <param name="filters">Of its result columns: rows that do not pass are not needed.</param>
    /// <exception cref="NotSpreadableException">Some part of it is not understood.</exception>
    public async Task<PlannedQuery> Plan(JsonObject query, IReadOnlyList<KeyFilter> filters)
    {
        var bound = await draft.Bind(await draft.Render(query));
        var from = await FromClause.Read(draft, (JsonObject)query["from_table"]!);
        subqueries = new SubqueryPlanner(draft, from.Scope, (inner, asked) => nodes.Rows(inner, asked));
        var block = await subqueries.Plan(
            SelectBlock.Of(query, from.Scope, ResultNames.Unique(bound.Select(column => column.Name))));
        block = block with { Where = [.. block.Where, .. await Asked(block, filters)] };
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
        var joins = new JoinPlanner(draft);
        foreach (var join in subqueries.Joins)
        {
            var carried = Names([.. later, .. conditions]);
            conditions.RemoveAll(join.Conditions.Contains);
            var (others, right) = await new AskedRows(draft).Plan(
                [rows], join.Conditions, join.Right, unwritten => joins.Stored(unwritten, carried));
            rows = await joins.Join(join.Kind, others[0], right, join.Conditions, Names([.. later, .. conditions]));
        }

        return await Filter(rows, late);
    }

    // Rows are left out where the query has each row by itself, and whole groups where it has groups by the column.
    private async Task<IReadOnlyList<JsonObject>> Asked(SelectBlock block, IReadOnlyList<KeyFilter> filters)
    {
        if (block.Limit is not null || block.Offset > 0 || block.Qualify is not null
            || block.AfterGroups.SelectMany(expression => SqlNodes.Descend(expression)).Any(node => node.IsClass("WINDOW")))
        {
            return [];
        }

        var conditions = new List<JsonObject>();
        foreach (var filter in filters)
        {
            if (block.Items[filter.Item].Expression is var expression && JoinKey.ColumnOf(expression) is not null
                && block.Groups?.All(group => SqlNodes.Key(group) != SqlNodes.Key(expression)) != true)
            {
                conditions.Add(await subqueries.Among(expression, filter));
            }
        }

        return conditions;
    }

    private async Task<Relation> Filter(Relation rows, IReadOnlyList<JsonObject> conditions)
    {
        if (conditions.Count == 0)
        {
            return rows;
        }

        var texts = await draft.RenderExpressions(conditions);
        // Its columns are those of the rows; the engine says whether the conditions have a meaning over these.
        var read = rows.With(subqueries.InputsOf(conditions));
        var from = $"FROM {rows.Source} WHERE {string.Join(" AND ", texts)}";
        await draft.BindOver(read.Inputs, $"SELECT 1 {from}");
        var filtered = PlanDraft.Select(read, $"SELECT * {from}", rows.Columns) with
        {
            KeySources = rows.KeySources, Origins = rows.Origins,
        };
        var guessed = new List<JsonObject>();
        foreach (var condition in conditions)
        {
            if (subqueries.LookUp(condition, rows) is not var (filter, isAsked))
            {
                guessed.Add(condition);
                continue;
            }

            filtered = filter.Narrow(filtered);
            filtered = isAsked ? filtered with { Notes = [.. filtered.Notes, filter.Note] } : filtered;
        }

        return filtered with { Size = filtered.Size.Times(Selectivity.Of(guessed)) };
    }

    private async Task<PlannedQuery> Project(Relation rows, SelectBlock block)
    {
        var order = block.Order.Select((key, index) => new SortKey(
            key.Item is { } item ? block.Items[item].Name : $"{OwnName.Prefix}o{index}", key.Direction)).ToList();
        var items = block.Items.Concat(block.Order.Zip(order).Where(pair => pair.First.Item is null)
            .Select(pair => new SelectItem(pair.First.Expression, pair.Second.Column))).ToList();
        var texts = await draft.RenderExpressions(items.ConvertAll(item => item.Expression));
        var columns = items.Zip(texts, (item, text) => $"{text} AS {SqlText.Name(item.Name)}");

        var qualify = block.Qualify is null ? "" : $" QUALIFY {await draft.RenderExpression(block.Qualify)}";
        var read = rows.With(subqueries.InputsOf(block.WithoutWhere));
        var select = $"SELECT {string.Join(", ", columns)} FROM {rows.Source}{qualify}";
        var projected = block.Qualify is null && Plain(rows, items) is { } plain
            ? PlanDraft.Select(read, select, plain)
            : await draft.Select(read, select);
        projected = projected with
        {
            Size = SizeEstimate.OfRows(rows.Size.Rows, projected.Columns, 16),
            Distinct = block.Items.ToDictionary(
                item => item.Name, item => DistinctValues.Of(item.Expression, rows), StringComparer.OrdinalIgnoreCase),
            Spread = Renamed(rows.Spread, block.Items),
            Origins = rows.OriginsOf(items.Select(item => (JoinKey.ColumnOf(item.Expression) ?? "", item.Name))),
            KeySources = Renamed(rows.KeySources, block.Items),
        };
        var names = block.Items.Select(item => item.Name).ToList();
        return block.IsDistinct
            ? new PlannedQuery(await Distinct(projected, block), names, order, block.Limit, block.Offset)
            : new PlannedQuery(projected, names, order, block.Limit, block.Offset);
    }

    // The columns of items that are columns of the rows, each of them; else null.
    private static IReadOnlyList<ColumnSchema>? Plain(Relation rows, List<SelectItem> items)
    {
        var types = rows.Columns.ToLookup(column => column.Name, column => column.Type, StringComparer.OrdinalIgnoreCase);
        var names = items.ConvertAll(item => JoinKey.ColumnOf(item.Expression));
        return names.TrueForAll(name => name is not null && types.Contains(name))
            ? [.. items.Zip(names, (item, name) => new ColumnSchema(item.Name, types[name!].First()))]
            : null;
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

    private static Dictionary<string, KeySource> Renamed(
        IReadOnlyDictionary<string, KeySource> sources, IReadOnlyList<SelectItem> items) =>
        items.Select(item => (item.Name, Column: JoinKey.ColumnOf(item.Expression)))
            .Where(item => item.Column is not null && sources.ContainsKey(item.Column))
            .ToDictionary(item => item.Name, item => sources[item.Column!], StringComparer.OrdinalIgnoreCase);

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
