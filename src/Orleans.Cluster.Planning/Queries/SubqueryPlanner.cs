using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>A table that a subquery became: joined after the tables of the block's own FROM clause.</summary>
/// <param name="Kind">Semi for EXISTS and IN, anti for NOT EXISTS, left where the subquery gives a value.</param>
/// <param name="Right">Plans its rows, in columns of names that no other table has, under filters of these columns.</param>
/// <param name="Conditions">How rows of the block find theirs.</param>
internal sealed record SubqueryJoin(
    JoinType Kind, Func<IReadOnlyList<KeyFilter>, Task<Relation>> Right, IReadOnlyList<JsonObject> Conditions);

/// <summary>
/// Takes subqueries out of the expressions of a block. One that reads nothing of the block is computed first, and stays in its
/// place as a subquery over that small result, so that NULLs and missing rows mean what they always mean. One that reads columns
/// of the block becomes a join.
/// </summary>
/// <param name="draft">The plan.</param>
/// <param name="scope">Columns of the block.</param>
/// <param name="plan">Plans a query to a relation of its result columns, for the keys that are asked for.</param>
internal sealed class SubqueryPlanner(
    PlanDraft draft, Scope scope, Func<JsonObject, IReadOnlyList<KeyFilter>, Task<Relation>> plan)
{
    private readonly Dictionary<string, KeyFilter> asked = [];
    private readonly Dictionary<string, JsonObject> replaced = [];
    private readonly Correlation correlation = new(draft, scope);

    /// <summary>Tables to join, in order.</summary>
    public List<SubqueryJoin> Joins { get; } = [];

    /// <summary>Results of subqueries that expressions read, by name of the input.</summary>
    public Dictionary<string, Relation> Inputs { get; } = [];

    /// <summary>The block without subqueries that must be planned.</summary>
    public async Task<SelectBlock> Plan(SelectBlock block)
    {
        var where = new List<JsonObject>();
        foreach (var condition in block.Where)
        {
            if (!await BecomesJoin(condition))
            {
                await ReplaceAll(condition, mayJoin: true);
                where.Add(condition);
            }
        }

        foreach (var expression in block.WithoutWhere)
        {
            await ReplaceAll(expression, mayJoin: block.Groups is null);
        }

        return (block with { Where = where }).Map(Apply);
    }

    /// <summary>Results of subqueries that expressions read.</summary>
    public IEnumerable<RelationInput> InputsOf(IEnumerable<JsonObject> expressions) =>
        from expression in expressions
        from node in SqlNodes.Descend(expression)
        where node.Text("type") == "BASE_TABLE" && Inputs.ContainsKey(node.Text("table_name")!)
        from input in Inputs[node.Text("table_name")!].Inputs
        select input;

    /// <summary>A condition that keeps the rows of a block whose column is among keys.</summary>
    public async Task<JsonObject> Among(JsonObject column, KeyFilter filter)
    {
        var (condition, keys, found) = await new AskedRows(draft).Condition(column, filter);
        var name = keys.Inputs[0].Input.Name;
        Inputs[name] = keys;
        asked[name] = found;
        return condition;
    }

    /// <summary>
    /// What a condition does that looks a column up in the rows of a stage, and whether it is there to spare work; null for any
    /// other condition.
    /// </summary>
    public (KeyFilter Filter, bool IsAsked)? LookUp(JsonObject condition, Relation rows)
    {
        if (!condition.IsClass("SUBQUERY") || condition.Text("subquery_type") != "ANY"
            || condition.Text("comparison_type") != "COMPARE_EQUAL" || condition["child"] is not JsonObject child
            || JoinKey.ColumnOf(child) is not { } name
            || rows.Columns.FirstOrDefault(column => Scope.Same(column.Name, name)) is not { } column
            || SqlNodes.Descend(condition["subquery"]).FirstOrDefault(node => node.Text("type") == "BASE_TABLE")
                ?.Text("table_name") is not { } table)
        {
            return null;
        }

        if (asked.TryGetValue(table, out var filter))
        {
            return (filter with { Column = column.Name }, true);
        }

        return Inputs.TryGetValue(table, out var list) && list.KeySources.Values.ToList() is [var source]
            && KeySource.AreComparable(column.Type, source.Type)
            ? (new KeyFilter(source, column.Name, Math.Min(
                Selectivity.Of([condition]), KeyFilter.ShareOf(source, rows.DistinctOf(column.Name)))), false)
            : null;
    }

    private JsonObject Apply(JsonObject expression) => (JsonObject)SqlNodes.Rewrite(
        expression, node => node.IsClass("SUBQUERY") ? replaced.GetValueOrDefault(SqlNodes.Key(node)) : null)!;

    private static JsonObject Query(JsonObject subquery) => (JsonObject)subquery["subquery"]!["node"]!;

    // EXISTS, NOT EXISTS and IN as conditions of their own, where only TRUE keeps a row.
    private async Task<bool> BecomesJoin(JsonObject condition)
    {
        var isNot = condition.Text("type") == "OPERATOR_NOT";
        var subquery = isNot ? condition.Items("children").First() : condition;
        if (!subquery.IsClass("SUBQUERY"))
        {
            return false;
        }

        var isExists = subquery.Text("subquery_type") == "EXISTS";
        var isIn = subquery.Text("subquery_type") == "ANY" && subquery.Text("comparison_type") == "COMPARE_EQUAL";
        if (await IsIndependent(Query(subquery)))
        {
            return isIn && !isNot && await IndependentIn(subquery);
        }

        if (!isExists && !isIn)
        {
            throw new NotSpreadableException("a comparison over a subquery that reads outer columns");
        }

        var number = draft.NextNumber();
        var (query, conditions) = isExists
            ? await correlation.Exists(Query(subquery), number)
            : await correlation.In(Query(subquery), (JsonObject)subquery["child"]!, isNot, number);
        Joins.Add(new SubqueryJoin(
            isNot ? JoinType.Anti : JoinType.Semi, filters => plan(query, filters), conditions));
        return true;
    }

    // A long list is no constant to carry everywhere: it is joined.
    private async Task<bool> IndependentIn(JsonObject subquery)
    {
        if (Predicates.HasSubquery((JsonObject)subquery["child"]!))
        {
            return false;
        }

        var rows = await plan(Query(subquery), []);
        if (rows.Columns.Count != 1 || rows.Size.Bytes <= draft.Limits.BroadcastBytes)
        {
            await Replace(subquery, rows, "values to look for");
            return false;
        }

        var name = $"{OwnName.Prefix}x{draft.NextNumber()}";
        var renamed = await draft.Select(
            rows, $"SELECT {SqlText.Name(rows.Columns[0].Name)} AS {SqlText.Name(name)} FROM {rows.Source}");
        Joins.Add(new SubqueryJoin(
            JoinType.Semi, _ => Task.FromResult(renamed),
            [SqlNodes.Compare("COMPARE_EQUAL", (JsonObject)subquery["child"]!, SqlNodes.Column(name))]));
        return true;
    }

    private async Task ReplaceAll(JsonObject expression, bool mayJoin)
    {
        foreach (var subquery in SqlNodes.Descend(expression, intoSubqueries: false)
            .Where(node => node.IsClass("SUBQUERY")).ToList())
        {
            if (replaced.ContainsKey(SqlNodes.Key(subquery)))
            {
                continue;
            }

            if (await IsIndependent(Query(subquery)))
            {
                var isExists = subquery.Text("subquery_type") == "EXISTS";
                await Replace(
                    subquery, await plan(isExists ? Limited(Query(subquery)) : Query(subquery), []),
                    "a subquery that reads nothing of the query around it");
                continue;
            }

            var isWhether = subquery.Text("subquery_type") == "EXISTS";
            if (!mayJoin || (!isWhether && subquery.Text("subquery_type") != "SCALAR"))
            {
                throw new NotSpreadableException("a subquery that reads outer columns inside of another expression");
            }

            var (query, conditions, value) = await correlation.Value(isWhether
                ? await Counted(Query(subquery))
                : Query(subquery), draft.NextNumber());
            value = isWhether ? SqlNodes.Compare("COMPARE_GREATERTHAN", value, SqlNodes.Number(0)) : value;
            Joins.Add(new SubqueryJoin(JoinType.Left, filters => plan(query, filters), conditions));
            value["alias"] = subquery.Text("alias") ?? "";
            replaced[SqlNodes.Key(subquery)] = value;
        }
    }

    private async Task Replace(JsonObject subquery, Relation rows, string what)
    {
        if (subquery["child"] is JsonObject child && Predicates.HasSubquery(child))
        {
            throw new NotSpreadableException("a subquery that is looked for in another");
        }

        var stage = draft.AddStage(rows, "subquery", $"The result of {what}; every task that needs it gets it whole.");
        var read = draft.Gather(stage);
        Inputs[read.Inputs[0].Input.Name] = read;
        var copy = (JsonObject)subquery.DeepClone();
        copy["subquery"]!["node"] = await draft.Parse($"SELECT * FROM {read.Source} AS r");
        replaced[SqlNodes.Key(subquery)] = copy;
    }

    // Whether there are rows is their number above 0, which is a value that a group has.
    private async Task<JsonObject> Counted(JsonObject query)
    {
        if (query.Text("type") != "SELECT_NODE" || query.Items("modifiers").Any()
            || query.Items("select_list").SelectMany(item => SqlNodes.Descend(item)).Any(AggregateFunctions.IsAggregate))
        {
            throw new NotSpreadableException("a subquery that reads outer columns inside of another expression");
        }

        var copy = (JsonObject)query.DeepClone();
        copy["select_list"] = (await draft.Parse("SELECT count(*)"))["select_list"]!.DeepClone();
        return copy;
    }

    private static JsonObject Limited(JsonObject query)
    {
        if (query.Items("modifiers")
            .Any(modifier => modifier.Text("type")?.StartsWith("LIMIT", StringComparison.Ordinal) == true))
        {
            return query;
        }

        var copy = (JsonObject)query.DeepClone();
        ((JsonArray)copy["modifiers"]!).Add(new JsonObject { ["type"] =
            "LIMIT_MODIFIER", ["limit"] = SqlNodes.Number(1), ["offset"] = null });
        return copy;
    }

    // Names that the subquery lacks are the block's. The engine looks them up, so the engine is asked.
    private async Task<bool> IsIndependent(JsonObject query)
    {
        try
        {
            await draft.Bind(await draft.Render(query));
            return true;
        }
        catch (ClusterException unbound)
            when (unbound.Code == ProblemCode.QueryInvalid || unbound.Code == ProblemCode.ColumnNotFound)
        {
            return false;
        }
    }
}
