using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Collects all that the data shows to be wrong with an operation's parameters, each with its place in the request.
/// </summary>
internal sealed class OperationFaults(PlanDraft draft)
{
    // Faults that say what was probably meant; each looks through the names of a table.
    private const int MostGuesses = 10;

    // Each fault that only the engine finds costs it some questions. Whoever has so many does not need the next.
    private const int MostSought = 100;
    private const int ParsedAtOnce = 500;

    private readonly List<Fault> faults = [];
    private (IReadOnlyList<ColumnSchema> Columns, ILookup<string, ColumnSchema> ByName) known =
        ([], Enumerable.Empty<ColumnSchema>().ToLookup(column => column.Name));

    /// <summary>A fault of its own.</summary>
    public void Add(string pointer, ProblemCode code, string detail) => faults.Add(new Fault(pointer, code.Word, detail));

    /// <summary>The column as the data spells it; a fault when there is none.</summary>
    public ColumnSchema? Column(string pointer, string? name, IReadOnlyList<ColumnSchema> columns)
    {
        if (ByName(columns)[name ?? ""].FirstOrDefault() is { } found)
        {
            return found;
        }

        // A request may name as many columns as a table has.
        var near = faults.Count < MostGuesses
            && NearestName.Find(name ?? "", columns.Select(column => column.Name)) is { } other
            ? $" Did you mean {other}?" : "";
        Add(pointer, ProblemCode.ColumnNotFound, $"There is no column {name}.{near} Columns are: {Listed(columns)}.");
        return null;
    }

    /// <summary>
    /// The expression as the engine writes it: one expression and nothing else, over columns that exist. A fault, and null,
    /// otherwise.
    /// </summary>
    /// <param name="pointer">Its place.</param>
    /// <param name="text">What the user wrote.</param>
    /// <param name="columns">Columns that it may use.</param>
    /// <param name="mayAggregate">Whether it may call aggregates.</param>
    /// <param name="replace">What stands for a part of it.</param>
    public async Task<string?> Expression(
        string pointer, string? text, IReadOnlyList<ColumnSchema> columns, bool mayAggregate = false,
        Func<JsonObject, JsonObject?>? replace = null)
    {
        try
        {
            if (await Parse(text) is not { } expression)
            {
                Add(pointer, ProblemCode.QueryInvalid, $"{text} is not one expression.");
                return null;
            }

            return AreKnown(pointer, expression, columns, mayAggregate)
                ? await draft.RenderExpression(replace is null ? expression : SqlNodes.Rewrite(expression, replace)!)
                : null;
        }
        catch (ClusterException failure)
        {
            Add(pointer, failure.Code, WrittenQuery.OfExpression(failure.Message));
            return null;
        }
    }

    /// <summary>
    /// The same of many expressions, which the engine also accepts over the rows of a table. It is asked about hundreds of them
    /// at a time, and about fewer only where one of them is wrong.
    /// </summary>
    /// <param name="items">Places and texts.</param>
    /// <param name="columns">Columns that they may use.</param>
    /// <param name="from">The table, as a FROM.</param>
    /// <returns>Their texts, null for those with a fault.</returns>
    public async Task<IReadOnlyList<string?>> Expressions(
        IReadOnlyList<(string Pointer, string Text)> items, IReadOnlyList<ColumnSchema> columns, string from)
    {
        var trees = await Trees(items);
        var known = trees.Select((tree, index) =>
            tree is not null && AreKnown(items[index].Pointer, tree, columns, mayAggregate: false) ? tree : null).ToList();
        var texts = await draft.RenderExpressions([.. known.OfType<JsonObject>()]);
        var (places, result) = (known.Index().Where(pair => pair.Item is not null).ToList(), new string?[items.Count]);
        foreach (var ((place, _), text) in places.Zip(texts))
        {
            result[place] = text;
        }

        foreach (var some in places.Zip(texts, (place, text) => (items[place.Index].Pointer, Text: text)).Chunk(ParsedAtOnce))
        {
            await BindTogether(some, from);
        }

        return result;
    }

    /// <summary>The trees of texts, null for those with a fault.</summary>
    public async Task<IReadOnlyList<JsonObject?>> Trees(IReadOnlyList<(string Pointer, string Text)> items)
    {
        var trees = new List<JsonObject?>();
        foreach (var some in items.Chunk(ParsedAtOnce))
        {
            trees.AddRange(await ParseTogether(some));
        }

        return trees;
    }

    // Each has an alias that nothing in a text can hold, so that no text ends in the next one.
    private async Task<IReadOnlyList<JsonObject?>> ParseTogether(ArraySegment<(string Pointer, string Text)> items)
    {
        if (items.Count == 1 || faults.Count >= MostSought)
        {
            return [.. await Task.WhenAll(items.Take(1).Select(ParseAlone)), .. items.Skip(1).Select(_ => (JsonObject?)null)];
        }

        var mark = $"x{Guid.NewGuid():N}";
        try
        {
            var query = await draft.Parse(
                $"SELECT {string.Join(", ", items.Select((item, index) => $"{item.Text}\n AS {mark}_{index}"))}");
            var parsed = query.Items("select_list").OfType<JsonObject>().ToList();
            if (IsBare(query) && parsed.Count == items.Count
                && parsed.Index().All(pair => pair.Item.Text("alias") == $"{mark}_{pair.Index}"))
            {
                parsed.ForEach(tree => tree["alias"] = "");
                return parsed;
            }
        }
        catch (ClusterException failure) when (failure.Code == ProblemCode.QueryInvalid)
        {
            // Which of them it is, the halves tell.
        }

        var half = items.Count / 2;
        return [.. await ParseTogether(items[..half]), .. await ParseTogether(items[half..])];
    }

    private async Task<JsonObject?> ParseAlone((string Pointer, string Text) item)
    {
        try
        {
            if (await Parse(item.Text) is { } tree)
            {
                return tree;
            }

            Add(item.Pointer, ProblemCode.QueryInvalid, $"{item.Text} is not one expression.");
        }
        catch (ClusterException failure)
        {
            Add(item.Pointer, failure.Code, WrittenQuery.OfExpression(failure.Message));
        }

        return null;
    }

    private async Task BindTogether(ArraySegment<(string Pointer, string Text)> items, string from)
    {
        if (items.Count == 1)
        {
            await Bind(items[0].Pointer, $"SELECT {items[0].Text} {from}");
            return;
        }

        try
        {
            await draft.Bind($"SELECT {string.Join(", ", items.Select(item => item.Text))} {from}");
        }
        catch (ClusterException failure)
        {
            var half = items.Count / 2;
            if (faults.Count >= MostSought)
            {
                Add(items[0].Pointer, failure.Code, failure.Message);
                return;
            }

            await BindTogether(items[..half], from);
            await BindTogether(items[half..], from);
        }
    }

    /// <summary>The tree of a text; null when it is not one expression and nothing else.</summary>
    /// <exception cref="ClusterException"><c>query-invalid</c>: it cannot be parsed, or holds what is refused.</exception>
    public async Task<JsonObject?> Parse(string? text)
    {
        var query = await draft.Parse($"SELECT {text}");
        return query.Items("select_list").ToList() is [{ } expression] && expression.Text("alias") is not { Length: > 0 }
            && IsBare(query)
            ? expression
            : null;
    }

    /// <summary>Whether the engine accepts a query; a fault otherwise.</summary>
    public async Task Bind(string pointer, string sql, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>>? tables = null)
    {
        try
        {
            await (tables is null ? draft.Bind(sql) : draft.Bind(sql, tables));
        }
        catch (ClusterException failure)
        {
            Add(pointer, failure.Code, failure.Message);
        }
    }

    /// <summary>Refuses the job when there is a fault.</summary>
    /// <exception cref="ClusterException">All faults, under the code of the first.</exception>
    public void Throw()
    {
        if (faults is [var first, ..])
        {
            var detail = faults.Count == 1 ? first.Detail : $"{first.Detail} And {faults.Count - 1} more.";
            throw new ClusterException(ProblemCode.Parse(first.Code), detail, errors: [.. faults]);
        }
    }

    // As many names as a table has columns may be looked up.
    private ILookup<string, ColumnSchema> ByName(IReadOnlyList<ColumnSchema> columns)
    {
        if (!ReferenceEquals(known.Columns, columns))
        {
            known = (columns, columns.ToLookup(column => column.Name, StringComparer.OrdinalIgnoreCase));
        }

        return known.ByName;
    }

    private static string Listed(IReadOnlyList<ColumnSchema> columns) =>
        string.Join(", ", columns.Select(column => column.Name).Distinct(StringComparer.OrdinalIgnoreCase).Take(30))
        + (columns.Count > 30 ? ", ..." : "");

    private static bool IsBare(JsonObject query) =>
        query.Text("type") == "SELECT_NODE" && query["from_table"].Text("type") == "EMPTY" && query["where_clause"] is null
        && query["having"] is null && query["qualify"] is null && !query.Items("group_expressions").Any()
        && !query.Items("modifiers").Any()
        && !query["cte_map"].Items("map").Any() && query.Text("aggregate_handling") == "STANDARD_HANDLING";

    private bool AreKnown(string pointer, JsonObject expression, IReadOnlyList<ColumnSchema> columns, bool mayAggregate)
    {
        var before = faults.Count;
        if (SqlNodes.Descend(expression).Any(node => node.IsClass("SUBQUERY") || node.IsClass("WINDOW") || node.IsClass("STAR")))
        {
            Add(pointer, ProblemCode.QueryInvalid, "Subqueries, windows and stars have no place here; use the operation sql.");
        }

        if (!mayAggregate && SqlNodes.Descend(expression).FirstOrDefault(AggregateFunctions.IsAggregate) is { } aggregate)
        {
            Add(pointer, ProblemCode.QueryInvalid,
                $"{aggregate.Text("function_name")} is an aggregate; this expression is over one row.");
        }

        if (SessionValues.Find(expression, columns.Select(column => column.Name)) is { } sessionValue)
        {
            Add(pointer, ProblemCode.QueryInvalid, SessionValues.Refusal(sessionValue));
            return false;
        }

        var parameters = SqlNodes.Descend(expression)
            .Where(node => node.IsClass("LAMBDA")).SelectMany(lambda => SqlNodes.Descend(lambda["lhs"]))
            .Where(node => node.IsClass("COLUMN_REF")).Select(node => SqlNodes.ColumnNames(node)[0]).ToList();
        var others = parameters.Concat(draft.Datasets.Keys).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var named = ByName(columns);
        foreach (var name in SqlNodes.Descend(expression).Where(node => node.IsClass("COLUMN_REF"))
            .Select(node => SqlNodes.ColumnNames(node)[0])
            .Where(name => !others.Contains(name) && !named.Contains(name)).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            Column(pointer, name, columns);
        }

        return faults.Count == before;
    }
}
