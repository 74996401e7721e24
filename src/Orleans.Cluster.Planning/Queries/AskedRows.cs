using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Applies filters by key: rows, and groups of a query that is joined, are dropped where nobody asks for their key. The keys are
/// an input that each task reads whole.
/// </summary>
internal sealed class AskedRows(PlanDraft draft)
{
    /// <summary>The rows whose key is asked for.</summary>
    public async Task<Relation> Filter(Relation rows, KeyFilter filter)
    {
        var (keys, found) = await Keys(filter);
        var read = rows.With(keys.Inputs);
        var sql = $"SELECT * FROM {rows.Source} WHERE {SqlText.Name(filter.Column)} IN ({Select(keys, found)})";
        var filtered = PlanDraft.Select(read, sql, rows.Columns) with { KeySources = rows.KeySources };
        return found.Narrow(filtered) with { Notes = [.. rows.Notes, found.Note] };
    }

    /// <summary>The same as a condition on a column of a query, with the keys that it reads.</summary>
    public async Task<(JsonObject Condition, Relation Keys, KeyFilter Filter)> Condition(JsonObject column, KeyFilter filter)
    {
        var (keys, found) = await Keys(filter);
        var query = await draft.Parse($"SELECT 1 IN ({Select(keys, found)})");
        var condition = (JsonObject)query.Items("select_list").First().DeepClone();
        condition["child"] = column.DeepClone();
        return (condition, keys, found);
    }

    /// <summary>
    /// Plans a query that is joined with rows that are there, in inner joins or joins that keep those: for the keys that they
    /// have, where that pays.
    /// </summary>
    /// <param name="others">The rows that are there.</param>
    /// <param name="conditions">Conditions of the join.</param>
    /// <param name="plan">Plans the query under filters of its result columns.</param>
    /// <param name="store">Makes one of the rows a stage, and reads it.</param>
    public async Task<(IReadOnlyList<Relation> Others, Relation Rows)> Plan(
        IReadOnlyList<Relation> others, IReadOnlyList<JsonObject> conditions,
        Func<IReadOnlyList<KeyFilter>, Task<Relation>> plan, Func<Relation, Task<Relation>> store)
    {
        var mark = draft.Mark();
        var whole = await plan([]);
        var written = Written(mark, whole);
        var filters = others.SelectMany((other, index) =>
            KeyFilter.Of(other, whole, Pairs(other, whole, conditions), MayStore(other)).Select(filter => (filter, index)))
            .ToList();
        if (KeyFilter.Best(draft.Limits, filters.Select(pair => pair.filter), written, draft.MostPartitions) is not { } best)
        {
            return (others, whole);
        }

        draft.Reset(mark);
        var all = others.ToList();
        var asked = best with { Item = whole.Columns.ToList().FindIndex(column => Scope.Same(column.Name, best.Column)) };
        if (best.Source.Stage is null)
        {
            var index = filters.First(pair => ReferenceEquals(pair.filter, best)).index;
            all[index] = await store(others[index]);
            asked = asked with { Source = all[index].KeySources[best.Source.Column] };
        }

        var start = draft.Mark();
        var rows = await plan([asked]);
        if (written - Written(start, rows) >= best.Cost(draft.Limits, draft.MostPartitions))
        {
            return (all, rows);
        }

        draft.Reset(mark);
        return (others, await plan([]));
    }

    /// <summary>Columns of two relations that conditions make equal, by <c>=</c> alone: NULL is equal to nothing then.</summary>
    public static IEnumerable<(string One, string Other)> Pairs(
        Relation one, Relation other, IEnumerable<JsonObject> conditions) =>
        from condition in conditions
        where condition.Text("type") == "COMPARE_EQUAL"
        let sides = JoinKey.Sides(condition, one.Names, other.Names)
        where sides is not null
        let names = (One: JoinKey.ColumnOf(sides.Value.One), Other: JoinKey.ColumnOf(sides.Value.Other))
        where names is { One: not null, Other: not null }
        select (names.One, names.Other);

    private bool MayStore(Relation rows) =>
        rows is { IsStored: false, Spread: not Spread.Hashed } && rows.Size.Bytes <= draft.Limits.BroadcastBytes;

    private long Written(int mark, Relation rows) => draft.Stages.Skip(mark).Sum(stage => stage.EstimatedRowBytes ?? 0)
        + (rows.Spread is Spread.One ? 0 : rows.Size.Bytes);

    private static string Select(Relation keys, KeyFilter filter) =>
        $"SELECT {SqlText.Name(filter.Source.Column)} FROM {keys.Source} AS r";

    // Rows that are few are read as they are; of many, a stage finds the different keys.
    private async Task<(Relation Keys, KeyFilter Filter)> Keys(KeyFilter filter)
    {
        var source = filter.Source;
        if (!filter.NeedsStage(draft.Limits))
        {
            return (draft.Gather(source.Stage!), filter);
        }

        var rows = draft.Read(source.Stage!, source.Mode, source.Mode == InputMode.All ? new Spread.One() : new Spread.Parts());
        var distinct = await draft.Select(rows, $"SELECT DISTINCT {SqlText.Name(source.Column)} FROM {rows.Source}");
        var stage = draft.AddStage(
            distinct with { Size = new SizeEstimate(source.Keys, source.KeyBytes) }, "keys",
            $"The different values of {source.Column}, by which another stage drops rows.");
        var keys = draft.Gather(stage);
        return (keys, filter with { Source = keys.KeySources[source.Column] });
    }
}
