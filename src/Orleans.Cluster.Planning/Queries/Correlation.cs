using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Makes a subquery that reads columns of the block around it into one that reads none, and conditions that join the two. All
/// that is not certain to mean the same is refused, and then the query around it goes to one task.
/// </summary>
/// <param name="draft">The plan.</param>
/// <param name="outer">Columns of the block around the subquery.</param>
internal sealed class Correlation(PlanDraft draft, Scope outer)
{
    // Aggregates that have a value even where there is no row.
    private static readonly FrozenSet<string> Counts =
        new[] { "count", "count_star", "count_if", "countif", "regr_count",
            "approx_count_distinct" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>For EXISTS: the columns that its conditions compare, and these conditions.</summary>
    public async Task<(JsonObject Query, IReadOnlyList<JsonObject> Conditions)> Exists(JsonObject query, int number)
    {
        var parts = await Split(query, number);
        return (parts.Select(parts.Columns), parts.Conditions);
    }

    /// <summary>
    /// For IN: the same with the value that is looked for. For NOT IN a row also goes out where the comparison is NULL, on either
    /// side.
    /// </summary>
    public async Task<(JsonObject Query, IReadOnlyList<JsonObject> Conditions)> In(
        JsonObject query, JsonObject value, bool isNot, int number)
    {
        var parts = await Split(query, number);
        var item = SingleItem(query);
        if (!parts.IsInner(item) || Predicates.HasSubquery(item) || Predicates.HasSubquery(value))
        {
            throw new NotSpreadableException("an IN over a subquery whose values need outer columns");
        }

        var name = $"{OwnName.Prefix}x{number}_v";
        var found = SqlNodes.Compare("COMPARE_EQUAL", value, SqlNodes.Column(name));
        return (
            parts.Select([.. parts.Columns, Named(item, name)]),
            [
                .. parts.Conditions,
                isNot ? SqlNodes.Conjunction(all: false, [found, SqlNodes.IsNull(value), SqlNodes.IsNull(SqlNodes.Column(name))])
                    : found,
            ]);
    }

    /// <summary>
    /// For an aggregate as a value: one row for each group of what is compared, and the value as an expression over it.
    /// </summary>
    public async Task<(JsonObject Query, IReadOnlyList<JsonObject> Conditions, JsonObject Value)> Value(
        JsonObject query, int number)
    {
        var parts = await Split(query, number, keysAlone: true);
        var calls = new List<JsonObject>();
        var value = (JsonObject)SqlNodes.Rewrite(SingleItem(query), Replace)!;
        if (calls.Count == 0)
        {
            throw new NotSpreadableException("a subquery that reads outer columns and may give several rows");
        }

        return (parts.Select([.. parts.Columns, .. calls], grouped: true), parts.Conditions, value);

        JsonObject? Replace(JsonObject node)
        {
            if (AggregateFunctions.IsAggregate(node))
            {
                if (!parts.IsInner(node) || Predicates.HasSubquery(node))
                {
                    throw new NotSpreadableException("an aggregate over outer columns");
                }

                var name = $"{OwnName.Prefix}x{number}_a{calls.Count}";
                calls.Add(Named(node, name));
                return Counts.Contains(node.Text("function_name")!)
                    ? SqlNodes.Coalesce(SqlNodes.Column(name), SqlNodes.Number(0))
                    : SqlNodes.Column(name);
            }

            return node.Text("class") switch
            {
                "COLUMN_REF" => parts.Outer(node),
                "SUBQUERY" or "WINDOW" => throw new NotSpreadableException("a subquery in a subquery that reads outer columns"),
                _ => null,
            };
        }
    }

    private async Task<Parts> Split(JsonObject query, int number, bool keysAlone = false)
    {
        if (query.Text("type") != "SELECT_NODE" || query.Items("group_expressions").Any() || query["having"] is JsonObject
            || query["qualify"] is JsonObject || query.Text("aggregate_handling") != "STANDARD_HANDLING"
            || query.Items("modifiers").Any(modifier => modifier.Text("type") != "DISTINCT_MODIFIER")
            || (!keysAlone
                && query.Items("select_list").SelectMany(item => SqlNodes.Descend(item)).Any(AggregateFunctions.IsAggregate)))
        {
            throw new NotSpreadableException("a grouped or limited subquery that reads outer columns");
        }

        var inner = (await FromClause.Read(draft, (JsonObject)query["from_table"]!)).Scope;
        var parts = new Parts(query, inner, outer, number);
        foreach (var condition in SqlNodes.Conjuncts(query["where_clause"]))
        {
            if (await IsLocal(query, condition, inner))
            {
                parts.Local.Add(condition);
            }
            else
            {
                parts.Add(condition, keysAlone);
            }
        }

        return parts;
    }

    private async Task<bool> IsLocal(JsonObject query, JsonObject condition, Scope inner)
    {
        if (!Predicates.HasSubquery(condition))
        {
            return SqlNodes.Descend(condition)
                .Where(node => node.IsClass("COLUMN_REF")).All(node => inner.Find(SqlNodes.ColumnNames(node)) is not null);
        }

        var alone = SqlNodes.SelectAll(query["from_table"]!);
        alone["where_clause"] = condition.DeepClone();
        try
        {
            await draft.Bind(await draft.Render(alone));
            return true;
        }
        catch (Contracts.ClusterException unbound) when (
            unbound.Code == Contracts.ProblemCode.QueryInvalid || unbound.Code == Contracts.ProblemCode.ColumnNotFound)
        {
            throw new NotSpreadableException("a subquery in a subquery that reads columns of both");
        }
    }

    private static JsonObject SingleItem(JsonObject query) =>
        query.Items("select_list").ToList() is [var only] && !only.IsClass("STAR")
        ? only
        : throw new NotSpreadableException("a subquery of several columns");

    private static JsonObject Named(JsonObject expression, string name)
    {
        var copy = (JsonObject)expression.DeepClone();
        copy["alias"] = name;
        return copy;
    }

    /// <summary>A subquery taken apart: what it can decide alone, and what needs the block around it.</summary>
    private sealed class Parts(JsonObject query, Scope inner, Scope outer, int number)
    {
        public List<JsonObject> Local { get; } = [];

        public List<JsonObject> Conditions { get; } = [];

        public List<JsonObject> Columns { get; } = [];

        public void Add(JsonObject condition, bool keysAlone)
        {
            if (Predicates.HasSubquery(condition) || SqlNodes.Descend(condition).Any(node => node.IsClass("LAMBDA")))
            {
                throw new NotSpreadableException("a nested condition over outer columns");
            }

            Conditions.Add(keysAlone ? Key(condition) : (JsonObject)SqlNodes.Rewrite(condition, node => node.IsClass("COLUMN_REF")
                ? inner.Find(SqlNodes.ColumnNames(node)) is null ? Outer(node) : Carry(node)
                : null)!);
        }

        public bool IsInner(JsonObject expression) => SqlNodes.Descend(expression).Where(node => node.IsClass("COLUMN_REF"))
            .All(node => inner.Find(SqlNodes.ColumnNames(node)) is not null);

        public JsonObject Outer(JsonObject reference)
        {
            var names = SqlNodes.ColumnNames(reference);
            return inner.Find(names) is null && outer.Find(names) is { } found
                ? SqlNodes.Column([found.Column.Internal, .. found.Members])
                : throw new NotSpreadableException(
                    $"{string.Join('.', names)} in a subquery, which is a column neither of it nor of the query around it");
        }

        public JsonObject Select(IReadOnlyList<JsonObject> items, bool grouped = false)
        {
            var copy = (JsonObject)query.DeepClone();
            copy["select_list"] = new JsonArray(
                [.. items.DefaultIfEmpty(Named(SqlNodes.Number(1), $"{OwnName.Prefix}x{number}_one"))
                    .Select(item => item.DeepClone())]);
            copy["where_clause"] = Local.Count == 0 ? null : SqlNodes.Conjunction(all: true, Local).DeepClone();
            copy["modifiers"] = new JsonArray();
            copy["aggregate_handling"] = grouped ? "FORCE_AGGREGATES" : "STANDARD_HANDLING";
            return copy;
        }

        // Groups can be looked up by equality alone.
        private JsonObject Key(JsonObject condition)
        {
            if (condition.Text("type") != "COMPARE_EQUAL" || condition["left"] is not JsonObject left
                || condition["right"] is not JsonObject right)
            {
                throw new NotSpreadableException(
                    "an aggregate over rows that are compared with outer columns by other than equality");
            }

            var (mine, other) = IsInner(left) && HasReference(left) ? (left, right) : (right, left);
            if (!IsInner(mine) || !HasReference(mine))
            {
                throw new NotSpreadableException("an aggregate over rows chosen by outer columns alone");
            }

            var theirs = (JsonObject)SqlNodes.Rewrite(other, node => node.IsClass("COLUMN_REF") ? Outer(node) : null)!;
            return SqlNodes.Compare("COMPARE_EQUAL", theirs, Carry(mine));
        }

        private static bool HasReference(JsonObject expression) => SqlNodes.References(expression).Any();

        private JsonObject Carry(JsonObject expression)
        {
            var same = SqlNodes.Key(expression);
            var index = Columns.FindIndex(column => SqlNodes.Key(column) == same);
            if (index < 0)
            {
                index = Columns.Count;
                Columns.Add(Named(expression, $"{OwnName.Prefix}x{number}_{index}"));
            }

            return SqlNodes.Column($"{OwnName.Prefix}x{number}_{index}");
        }
    }
}
