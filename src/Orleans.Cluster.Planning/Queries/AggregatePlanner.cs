using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Grouping in stages. The answer has a column for each group key and for each aggregate; <see cref="Apply"/> puts these columns
/// into expressions in their place.
/// </summary>
internal sealed class AggregatePlanner
{
    private readonly PlanDraft draft;
    private readonly Relation rows;
    private readonly List<Key> keys;
    private readonly List<AggregateCall> calls;
    private readonly Dictionary<string, string> names;

    private AggregatePlanner(PlanDraft draft, Relation rows, List<Key> keys, List<AggregateCall> calls)
    {
        (this.draft, this.rows, this.keys, this.calls) = (draft, rows, keys, calls);
        names = calls.ToDictionary(call => call.Same, call => call.Name, StringComparer.Ordinal);
        foreach (var key in keys)
        {
            names[key.Same] = key.Name;
        }
    }

    private string KeyNames => SqlText.Names(keys.Select(key => key.Name));

    private string GroupBy => keys.Count == 0 ? "" : $" GROUP BY {KeyNames}";

    private double Groups => keys.Aggregate(1.0, (product, key) => product * key.Values);

    // Each partition may have every group.
    private double PartialRows => Math.Min(rows.Size.Rows, Groups * draft.MostPartitions);

    /// <summary>Groups rows and computes all aggregates that the expressions use.</summary>
    public static async Task<(Relation Grouped, Func<JsonObject, JsonObject> Apply)> Plan(
        PlanDraft draft, Relation rows, IReadOnlyList<JsonObject> groups, IEnumerable<JsonObject> expressions)
    {
        var distinct = groups.DistinctBy(SqlNodes.Key).ToList();
        var keys = distinct.Zip(await draft.RenderExpressions(distinct)).Select((pair, index) => new Key(
            pair.First.IsClass("COLUMN_REF") && SqlNodes.ColumnNames(pair.First) is [var column]
                ? column
                : $"{OwnName.Prefix}k{index}",
            SqlNodes.Key(pair.First), pair.Second, DistinctValues.Of(pair.First, rows))).ToList();
        var calls = await AggregateCall.Of(draft, rows, [.. expressions.SelectMany(TopCalls).DistinctBy(SqlNodes.Key)]);
        var planner = new AggregatePlanner(draft, rows, keys, calls);
        return (await planner.Group(), planner.Apply);
    }

    private async Task<Relation> Group()
    {
        if (rows.Spread is Spread.One || IsGroupedAlready())
        {
            return await AtOnce(
                rows.Pinned(),
                $"{Select(keys.Select(key => key.AsColumn), calls.Select(call => call.AsColumn))} FROM {rows.Source}"
                + $"{GroupByExpressions()}");
        }

        return calls.TrueForAll(call => call.Merge is not null) ? await Merged() : await WholeGroups();
    }

    // Partial values of each group from each partition, then one value of these.
    private async Task<Relation> Merged()
    {
        var partials = calls.SelectMany(call => call.Merge!.Partials.Select(p => $"{p.Expression} AS {call.Partial(p.Suffix)}"));
        var partial = await draft.Select(
            rows, $"{Select(keys.Select(key => key.AsColumn), partials)} FROM {rows.Source}{GroupByExpressions()}");
        partial = partial with { Size = keys.Count == 0
            ? new SizeEstimate(1, 64 * calls.Count)
            : SizeEstimate.OfRows(PartialRows, partial.Columns, 16) };
        var merges = calls.Select(call => $"{call.MergeText} AS {SqlText.Name(call.Name)}");
        var select = Select(keys.Select(key => SqlText.Name(key.Name)), merges);
        if (keys.Count == 0 || partial.Size.Bytes <= draft.Limits.GatherBytes)
        {
            var stage = draft.AddStage(
                partial, "partial", "Each partition aggregates its rows; one task merges, as there are few groups at most.");
            var gathered = draft.Gather(stage);
            return await AtOnce(gathered, $"{select} FROM {gathered.Source}{GroupBy}");
        }

        return await Exchanged(partial, "partial", select,
            "Each partition aggregates its rows and sends each group to the target of its hash, as there may be many groups. "
            + "Where hardly two of its rows are of one group, it sends them as they are.",
            Ungrouped(partial.Columns));
    }

    // The same for rows of which hardly two of a partition are of one group: that is found out from some of them.
    private (string Source, string Probe)? Ungrouped(IReadOnlyList<ColumnSchema> partial)
    {
        if (calls.Exists(call => call.Merge!.OfOneRow is null))
        {
            return null;
        }

        var values = calls.SelectMany(call => call.Merge!.Partials.Zip(call.Merge.OfOneRow!)).Zip(
            partial.Skip(keys.Count), (value, column) => $"CAST({value.Second} AS {column.Type}) AS {SqlText.Name(column.Name)}");
        return (
            $"({Select(keys.Select(key => key.AsColumn), values)} FROM {rows.Source})",
            $"SELECT {string.Join(", ", keys.Select(key => key.AsColumn))} FROM {rows.Source}");
    }

    // Aggregates that need all rows of a group at once.
    private async Task<Relation> WholeGroups()
    {
        var why = $"{string.Join(", ", calls.Where(call => call.Merge is null).Select(call => call.Function).Distinct())} "
            + "cannot be merged from partial values";
        if (keys.Count == 0)
        {
            var needed = await draft.Select(rows, $"SELECT {Arguments()} FROM {rows.Source}");
            var all = draft.Gather(
                draft.AddStage(needed with { Size = SizeEstimate.OfRows(rows.Size.Rows, needed.Columns, 16) }, "scan",
                $"All rows of the columns in use come together in one task, since {why} and the query has no groups."));
            return await AtOnce(all, $"SELECT {string.Join(", ", calls.Select(call => call.OverArguments()))} FROM {all.Source}");
        }

        var selected = await draft.Select(rows, $"{Select(keys.Select(key => key.AsColumn), [Arguments()])} FROM {rows.Source}");
        selected = selected with { Size = SizeEstimate.OfRows(rows.Size.Rows, selected.Columns, 16) };
        return await Exchanged(
            selected, "exchange", Select(keys.Select(key => SqlText.Name(key.Name)), calls.Select(call => call.OverArguments())),
            $"Whole groups come together by the hash of their keys, since {why}.");
    }

    private async Task<Relation> Exchanged(
        Relation relation, string name, string select, string note, (string Source, string Probe)? ungrouped = null)
    {
        var targets = draft.Limits.Targets(relation.Size.Bytes);
        var stage = draft.AddExchange(relation, name, $"hash({KeyNames}) % {targets}", targets, note, ungrouped);
        var columns = relation.ColumnsOf(keys.Select(key => key.Name));
        var hashed = new Spread.Hashed([.. columns.Select(column => new HashKey([column.Name], column.Type))], targets);
        var read = draft.Read(stage, InputMode.Target, hashed);
        return await AtOnce(read, $"{select} FROM {read.Source}{GroupBy}");
    }

    private async Task<Relation> AtOnce(Relation relation, string sql)
    {
        var grouped = await draft.Select(relation, sql);
        return grouped with
        {
            Size = keys.Count == 0
                ? new SizeEstimate(1, 64)
                : SizeEstimate.OfRows(Math.Min(Groups, Math.Max(1, relation.Size.Rows * 0.5)), grouped.Columns, 16),
            Distinct = keys.ToDictionary(
                key => key.Name, key => Math.Min(key.Values, rows.Size.Rows), StringComparer.OrdinalIgnoreCase),
        };
    }

    private string Arguments()
    {
        var arguments = calls.SelectMany(call => call.ArgumentColumns).ToList();
        return arguments.Count == 0 ? $"1 AS {OwnName.One}" : string.Join(", ", arguments);
    }

    private JsonObject Apply(JsonObject expression) => (JsonObject)SqlNodes.Rewrite(expression, node =>
    {
        if (node.Text("class") is null)
        {
            return null;
        }

        return names.Count > 0 && names.TryGetValue(SqlNodes.Key(node), out var name) ? SqlNodes.Column(name) : null;
    })!;

    // Equal keys are already in one task when the rows are spread by the hash of some of them.
    private bool IsGroupedAlready() => rows.Spread is Spread.Hashed hashed
        && hashed.Keys.All(hash => keys.Exists(key => hash.Columns.Contains(key.Name, StringComparer.OrdinalIgnoreCase)));

    private string GroupByExpressions() =>
        keys.Count == 0 ? "" : $" GROUP BY {string.Join(", ", Enumerable.Range(1, keys.Count))}";

    private static string Select(IEnumerable<string> some, IEnumerable<string> more) =>
        $"SELECT {string.Join(", ", some.Concat(more).DefaultIfEmpty($"1 AS {OwnName.One}"))}";

    private static IEnumerable<JsonObject> TopCalls(JsonObject expression)
    {
        if (AggregateFunctions.IsAggregate(expression))
        {
            return [expression];
        }

        return expression.SelectMany(member => member.Value switch
        {
            _ when member.Key == "subquery" => [],
            JsonObject child => TopCalls(child),
            JsonArray list => list.OfType<JsonObject>().SelectMany(TopCalls),
            _ => [],
        });
    }

    private sealed record Key(string Name, string Same, string Expression, double Values)
    {
        public string AsColumn => $"{Expression} AS {SqlText.Name(Name)}";
    }
}
