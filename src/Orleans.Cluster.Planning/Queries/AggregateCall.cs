using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>One call of an aggregate in a query.</summary>
/// <param name="Name">Name of its column.</param>
/// <param name="Same">Equal for calls that are the same.</param>
/// <param name="Function">The function, in small letters.</param>
/// <param name="Text">The call.</param>
/// <param name="OverColumns">The call over <paramref name="ArgumentColumns"/>.</param>
/// <param name="ArgumentColumns">Its arguments, its condition and its order as columns, as they pass an exchange.</param>
/// <param name="Merge">How it is made of partial values; null where it needs whole groups.</param>
internal sealed record AggregateCall(
    string Name, string Same, string Function, string Text, string OverColumns, IReadOnlyList<string> ArgumentColumns,
    AggregateMerge? Merge)
{
    /// <summary>The call as a column.</summary>
    public string AsColumn => $"{Text} AS {SqlText.Name(Name)}";

    /// <summary>Its value of partial values.</summary>
    public string MergeText =>
        Merge!.Partials.Aggregate(
            Merge.Merge, (text, p) => text.Replace($"{{{p.Suffix}}}", Partial(p.Suffix), StringComparison.Ordinal));

    /// <summary>Column of a partial value.</summary>
    public string Partial(string suffix) => SqlText.Name($"{Name}_{suffix}");

    /// <summary>The call over its arguments as columns.</summary>
    public string OverArguments() => $"{OverColumns} AS {SqlText.Name(Name)}";

    /// <summary>
    /// Reads calls. The engine is asked for all of them at once: there may be as many as a wide table has columns.
    /// </summary>
    public static async Task<List<AggregateCall>> Of(PlanDraft draft, Relation rows, IReadOnlyList<JsonObject> calls)
    {
        if (calls.Count == 0)
        {
            return [];
        }

        var drafts = calls.Select((call, index) => new CallDraft(call, $"{OwnName.Prefix}a{index}")).ToList();
        var texts = await draft.RenderExpressions(calls);
        var overs = await draft.RenderExpressions(drafts.ConvertAll(call => call.Over));
        var arguments = await Grouped(draft, drafts, call => call.Arguments);
        var filters = await Grouped(draft, drafts, call => call.Filter);
        var carried = await Grouped(draft, drafts, call => [.. call.Carried.Select(pair => pair.Expression)]);
        var types = await draft.BindOver(
            rows.Inputs,
            $"SELECT {string.Join(", ", arguments.SelectMany(list => list).DefaultIfEmpty("1"))} FROM {rows.Source}");
        var results = await draft.BindOver(rows.Inputs, $"SELECT {string.Join(", ", texts)} FROM {rows.Source}");
        var (made, bound) = (new List<AggregateCall>(), 0);
        for (var index = 0; index < calls.Count; index++)
        {
            var call = drafts[index];
            var own = types.Skip(bound).Take(arguments[index].Count).Select(column => column.Type).ToList();
            bound += own.Count;
            var merge = call.NeedsWholeGroups
                ? null
                : AggregateMerge.Of(
                    call.Function, arguments[index], own, filters[index].FirstOrDefault(), results[index].Type);
            made.Add(new AggregateCall(
                call.Name, SqlNodes.Key(calls[index]), call.Function, texts[index], overs[index],
                [.. carried[index].Zip(call.Carried, (text, pair) => $"{text} AS {SqlText.Name(pair.Name)}")], merge));
        }

        return made;
    }

    // Texts of some expressions of each call.
    private static async Task<IReadOnlyList<IReadOnlyList<string>>> Grouped(
        PlanDraft draft, IReadOnlyList<CallDraft> calls, Func<CallDraft, IReadOnlyList<JsonObject>> expressions)
    {
        var lists = calls.Select(expressions).ToList();
        var texts = await draft.RenderExpressions([.. lists.SelectMany(list => list)]);
        var (grouped, start) = (new List<IReadOnlyList<string>>(), 0);
        foreach (var list in lists)
        {
            grouped.Add([.. texts.Skip(start).Take(list.Count)]);
            start += list.Count;
        }

        return grouped;
    }

    private sealed class CallDraft
    {
        public CallDraft(JsonObject call, string name)
        {
            Name = name;
            Function = call.Text("function_name")!.ToLowerInvariant();
            Arguments = [.. call.Items("children")];
            Filter = call["filter"] is JsonObject condition ? [condition] : [];
            var isDistinct = call.Flag("distinct") && Function is not ("min" or "max" or "bool_and" or "bool_or");
            NeedsWholeGroups = isDistinct || call["order_bys"].Items("orders").Any();
            Over = (JsonObject)call.DeepClone();
            Over["children"] = new JsonArray([.. Arguments.Select(Carry)]);
            Over["filter"] = Filter is [var filter] ? Carry(filter) : null;
            foreach (var (order, original) in Over["order_bys"].Items("orders").Zip(call["order_bys"].Items("orders")).ToList())
            {
                order["expression"] = Carry((JsonObject)original["expression"]!);
            }
        }

        public string Name { get; }

        public string Function { get; }

        public IReadOnlyList<JsonObject> Arguments { get; }

        public IReadOnlyList<JsonObject> Filter { get; }

        public bool NeedsWholeGroups { get; }

        // The call over columns that hold its arguments, its condition and its order, as they pass an exchange.
        public JsonObject Over { get; }

        public List<(JsonObject Expression, string Name)> Carried { get; } = [];

        private JsonObject Carry(JsonObject expression)
        {
            if (expression.IsClass("CONSTANT"))
            {
                return (JsonObject)expression.DeepClone();
            }

            var column = $"{Name}_{Carried.Count}";
            Carried.Add((expression, column));
            return SqlNodes.Column(column);
        }
    }
}
