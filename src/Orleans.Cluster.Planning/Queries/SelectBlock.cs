using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>A result column: its expression by internal names, and its name.</summary>
internal sealed record SelectItem(JsonObject Expression, string Name);

/// <summary>A key of an order. Without <see cref="Item"/> it is computed beside the result columns.</summary>
internal sealed record OrderKey(JsonObject Expression, int? Item, bool Descending, bool NullsFirst)
{
    /// <summary>The words behind the key.</summary>
    public string Direction => $"{(Descending ? "DESC" : "ASC")} NULLS {(NullsFirst ? "FIRST" : "LAST")}";
}

/// <summary>One SELECT with every name looked up: references are internal names, stars and aliases are gone.</summary>
internal sealed record SelectBlock
{
    private SelectBlock()
    {
    }

    /// <summary>Result columns in order.</summary>
    public required IReadOnlyList<SelectItem> Items { get; init; }

    /// <summary>Conditions on rows that must all hold.</summary>
    public required IReadOnlyList<JsonObject> Where { get; init; }

    /// <summary>Group keys; null when nothing is grouped or aggregated.</summary>
    public required IReadOnlyList<JsonObject>? Groups { get; init; }

    /// <summary>Condition on groups.</summary>
    public required JsonObject? Having { get; init; }

    /// <summary>Condition on rows after windows.</summary>
    public required JsonObject? Qualify { get; init; }

    /// <summary>Order of the result.</summary>
    public required IReadOnlyList<OrderKey> Order { get; init; }

    /// <summary>Whether equal rows are one.</summary>
    public required bool IsDistinct { get; init; }

    /// <summary>Rows at most.</summary>
    public required long? Limit { get; init; }

    /// <summary>Rows to skip.</summary>
    public required long Offset { get; init; }

    /// <summary>All expressions but conditions on rows.</summary>
    public IEnumerable<JsonObject> WithoutWhere => [.. Groups ?? [], .. AfterGroups];

    /// <summary>Expressions over groups, where there are any.</summary>
    public IEnumerable<JsonObject> AfterGroups =>
        [.. Items.Select(item => item.Expression), .. Some(Having), .. Some(Qualify), .. Order.Select(key => key.Expression)];

    /// <summary>The block with each expression changed.</summary>
    public SelectBlock Map(Func<JsonObject, JsonObject> change) => this with
    {
        Items = [.. Items.Select(item => item with { Expression = change(item.Expression) })],
        Where = [.. Where.Select(change)],
        Groups = Groups?.Select(change).ToList(),
        Having = Having is null ? null : change(Having),
        Qualify = Qualify is null ? null : change(Qualify),
        Order = [.. Order.Select(key => key with { Expression = change(key.Expression) })],
    };

    private static IEnumerable<JsonObject> Some(JsonObject? expression) => expression is null ? [] : [expression];

    /// <summary>Looks up the names of a SELECT.</summary>
    /// <param name="node">The SELECT.</param>
    /// <param name="scope">Columns of its FROM.</param>
    /// <param name="names">Names of its result columns, as the engine gives them.</param>
    public static SelectBlock Of(JsonObject node, Scope scope, IReadOnlyList<string> names)
    {
        if (node["sample"] is JsonObject || node["group_sets"] is JsonArray { Count: > 1 })
        {
            throw new NotSpreadableException("several grouping sets");
        }

        var reader = new Reader(scope, [.. node.Items("select_list")]);
        var expressions = reader.Items();
        if (expressions.Count != names.Count)
        {
            throw new NotSpreadableException("a select list with generated columns");
        }

        var items = expressions.Zip(names, (expression, name) => new SelectItem(expression, name)).ToList();
        var modifiers = node.Items("modifiers").ToList();
        if (modifiers.Any(m => m.Text("type") is "LIMIT_PERCENT_MODIFIER"
            || m["distinct_on_targets"] is JsonArray { Count: > 0 }))
        {
            throw new NotSpreadableException("DISTINCT ON or a limit in per cent");
        }

        var limit = modifiers.FirstOrDefault(m => m.Text("type") == "LIMIT_MODIFIER");
        return new SelectBlock
        {
            Items = items,
            Where = [.. SqlNodes.Conjuncts(node["where_clause"]).Select(reader.Row)],
            Groups = GroupsOf(node, items, reader),
            Having = node["having"] is JsonObject having ? reader.Row(having) : null,
            Qualify = node["qualify"] is JsonObject qualify ? reader.Row(qualify) : null,
            Order = [.. Keys(modifiers, items, reader)],
            IsDistinct = modifiers.Any(m => m.Text("type") == "DISTINCT_MODIFIER"),
            Limit = Number(limit?["limit"]),
            Offset = Number(limit?["offset"]) ?? 0,
        };
    }

    /// <summary>Order and limit of a set operation, whose keys are result columns by name or number.</summary>
    public static (IReadOnlyList<SortKey> Order, long? Limit, long Offset) Modifiers(JsonObject node, IReadOnlyList<string> names)
    {
        var modifiers = node.Items("modifiers").ToList();
        if (modifiers.Exists(m => m.Text("type") is not ("ORDER_MODIFIER" or "LIMIT_MODIFIER")))
        {
            throw new NotSpreadableException("DISTINCT ON or a limit in per cent");
        }

        var items = names.Select(name => new SelectItem(SqlNodes.Column(name), name)).ToList();
        var reader = new Reader(new Scope([.. names.Select(name => new ScopeColumn("", name, name, ""))]), []);
        var keys = Keys(modifiers, items, reader);
        var limit = modifiers.Find(m => m.Text("type") == "LIMIT_MODIFIER");
        return (
            [.. keys.Select(key =>
                new SortKey(key.Item is { } index
                    ? names[index]
                    : throw new NotSpreadableException("an order of a union by an expression"), key.Direction))],
            Number(limit?["limit"]), Number(limit?["offset"]) ?? 0);
    }

    private static List<JsonObject>? GroupsOf(JsonObject node, List<SelectItem> items, Reader reader)
    {
        var given = node.Items("group_expressions").ToList();
        if (node.Text("aggregate_handling") == "FORCE_AGGREGATES")
        {
            // GROUP BY ALL: what names no column is no key, as in the engine.
            given = [.. items.Select(item => item.Expression)
                .Where(expression => !HasAggregate(expression) && NamesColumn(expression))];
            if (given.Count > 0)
            {
                return given;
            }
        }

        if (given.Count == 0)
        {
            return items.Any(item => HasAggregate(item.Expression)) || node["having"] is JsonObject ? [] : null;
        }

        return [.. given.Select(expression => Ordinal(expression) is { } ordinal
            ? items[ordinal].Expression
            : reader.Row(expression))];
    }

    private static bool NamesColumn(JsonObject expression)
    {
        var inside = SqlNodes.References(expression)
            .Except(SqlNodes.LambdaParameters(expression), StringComparer.OrdinalIgnoreCase);
        if (SqlNodes.ReferencesOutsideLambdas(expression).Concat(inside).Any())
        {
            return true;
        }

        return SqlNodes.Descend(expression).Any(node => node.IsClass("SUBQUERY"))
            ? throw new NotSpreadableException("GROUP BY ALL of a subquery") : false;
    }

    private static IEnumerable<OrderKey> Keys(IEnumerable<JsonObject> modifiers, List<SelectItem> items, Reader reader)
    {
        var places = new Lazy<ILookup<string, int>>(
            () => items.Index().ToLookup(pair => SqlNodes.Key(pair.Item.Expression), pair => pair.Index));
        return modifiers.Where(m => m.Text("type") == "ORDER_MODIFIER").SelectMany(m => m.Items("orders"))
            .SelectMany(order => Keys(order, items, reader, places));
    }

    private static IEnumerable<OrderKey> Keys(
        JsonObject order, List<SelectItem> items, Reader reader, Lazy<ILookup<string, int>> places)
    {
        var descending = order.Text("type") == "DESCENDING";
        var nullsFirst = order.Text("null_order") == "NULLS FIRST";
        var expression = (JsonObject)order["expression"]!;
        if (expression.IsClass("STAR"))
        {
            return items.Select((item, index) => new OrderKey(item.Expression, index, descending, nullsFirst));
        }

        if (expression.IsClass("CONSTANT"))
        {
            return Ordinal(expression) is { } ordinal
                ? [new OrderKey(items[ordinal].Expression, ordinal, descending, nullsFirst)]
                : [];
        }

        var key = reader.Order(expression);
        return [new OrderKey(key, places.Value[SqlNodes.Key(key)].Cast<int?>().FirstOrDefault(), descending, nullsFirst)];
    }

    private static bool HasAggregate(JsonObject expression) =>
        SqlNodes.Descend(expression, intoSubqueries: false).Any(AggregateFunctions.IsAggregate);

    private static int? Ordinal(JsonObject expression) =>
        expression.IsClass("CONSTANT") && expression["value"]?["value"] is JsonValue value
        && value.TryGetValue<int>(out var number) ? number - 1 : null;

    private static long? Number(JsonNode? expression) => expression switch
    {
        null => null,
        JsonObject constant when constant["value"]?["value"] is JsonValue value
            && value.TryGetValue<long>(out var number) => number,
        _ => throw new NotSpreadableException("a limit that is computed"),
    };

    /// <summary>Looks names up in the order of the engine: columns before aliases, but aliases first in ORDER BY.</summary>
    private sealed class Reader(Scope scope, IReadOnlyList<JsonObject> selectList)
    {
        private int depth;

        public List<JsonObject> Items()
        {
            var items = new List<JsonObject>();
            foreach (var expression in selectList)
            {
                if (expression.IsClass("STAR"))
                {
                    items.AddRange(scope.Star(expression).Select(column => SqlNodes.Column(column.Internal)));
                }
                else
                {
                    items.Add(Row(expression));
                }
            }

            return items;
        }

        // A star inside of an expression stands for several columns, in ways of the engine's own.
        public JsonObject Row(JsonObject expression) =>
            SqlNodes.Descend(expression, intoSubqueries: false).Any(node => node.IsClass("STAR"))
            ? throw new NotSpreadableException("a star inside of an expression")
            : scope.Resolve(expression, names => Alias(names));

        public JsonObject Order(JsonObject expression) =>
            expression.IsClass("COLUMN_REF") && SqlNodes.ColumnNames(expression) is [var name] && Aliased(name) is { } item
                ? Row(item)
                : Row(expression);

        private JsonObject Alias(IReadOnlyList<string> names)
        {
            // An alias may stand for an expression over other aliases, but never over itself.
            if (names.Count != 1 || Aliased(names[0]) is not { } item || ++depth > 50)
            {
                throw new NotSpreadableException($"{string.Join('.', names)} is not a column of the block's tables");
            }

            var resolved = Row(item);
            depth--;
            return resolved;
        }

        private JsonObject? Aliased(string name) =>
            selectList.FirstOrDefault(item => Scope.Same(item.Text("alias") ?? "", name) && !item.IsClass("STAR"));
    }
}
