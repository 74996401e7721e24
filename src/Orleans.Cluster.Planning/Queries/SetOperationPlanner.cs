using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// UNION, INTERSECT and EXCEPT: sides one after the other, or rows that are equal in all columns brought to one task.
/// </summary>
internal sealed class SetOperationPlanner(PlanDraft draft, NodePlanner nodes)
{
    /// <summary>The rows of a set operation; order and limit are left to the caller.</summary>
    public async Task<PlannedQuery> Plan(JsonObject query)
    {
        var bound = await draft.Bind(await draft.Render(query));
        var names = ResultNames.Unique(bound.Select(column => column.Name));
        IReadOnlyList<ColumnSchema> columns = [.. bound.Zip(names, (column, name) => column with { Name = name })];
        var sides = new List<Relation>();
        foreach (var side in Sides(query))
        {
            sides.Add(await Side(side, columns));
        }

        var rows = query.Text("setop_type") switch
        {
            "UNION" => await Union(sides),
            "EXCEPT" or "INTERSECT" =>
                await Matched(sides, $"{query.Text("setop_type")}{(query.Flag("setop_all") ? " ALL" : "")}"),
            var type => throw new NotSpreadableException($"the set operation {type}"),
        };
        if (query.Text("setop_type") == "UNION" && !query.Flag("setop_all"))
        {
            rows = (await AggregatePlanner.Plan(draft, rows, [.. names.Select(name => SqlNodes.Column(name))], [])).Grouped;
        }

        var (order, limit, offset) = SelectBlock.Modifiers(query, names);
        return new PlannedQuery(rows, names, order, limit, offset);
    }

    // A chain of UNION ALL is one union of many sides.
    private static IEnumerable<JsonObject> Sides(JsonObject query)
    {
        foreach (var side in new[] { (JsonObject)query["left"]!, (JsonObject)query["right"]! })
        {
            var isChain = query.Text("setop_type") == "UNION" && side.Text("setop_type") == "UNION" && side.Flag("setop_all")
                && !side.Items("modifiers").Any();
            foreach (var inner in isChain ? Sides(side) : [side])
            {
                yield return inner;
            }
        }
    }

    private async Task<Relation> Side(JsonObject side, IReadOnlyList<ColumnSchema> columns)
    {
        var rows = await nodes.Rows(side);
        var items = rows.Columns.Zip(
            columns, (has, wanted) => $"CAST({SqlText.Name(has.Name)} AS {wanted.Type}) AS {SqlText.Name(wanted.Name)}");
        return await draft.Select(rows, $"SELECT {string.Join(", ", items)} FROM {rows.Source}");
    }

    private async Task<Relation> Union(IReadOnlyList<Relation> sides)
    {
        var isOne = sides.All(side => side.Spread is Spread.One);
        var parts = sides.Select((side, index) => isOne ? side
            : draft.Read(draft.AddStage(side, "side", $"Side {index + 1} of a union."), InputMode.Partition, new Spread.Parts()))
            .ToList();
        return await Together(parts, "UNION ALL", isOne
            ? new Spread.One()
            : new Spread.Parts(), sides.Sum(side => side.Size.Rows), sides.Sum(side => side.Size.Bytes));
    }

    private async Task<Relation> Matched(IReadOnlyList<Relation> sides, string words)
    {
        if (sides.All(side => side.Spread is Spread.One))
        {
            return await Together(sides, words, new Spread.One(), sides[0].Size.Rows, sides[0].Size.Bytes);
        }

        var targets = draft.Limits.Targets(sides.Sum(side => side.Size.Bytes));
        var parts = sides.Select(side => draft.Read(
            draft.AddExchange(
                side, "exchange", $"hash({SqlText.Names(side.Columns.Select(c => c.Name))}) % {targets}", targets,
                $"Equal rows of both sides of {words} meet by their hash."),
            InputMode.Target, new Spread.Parts())).ToList();
        return await Together(parts, words, new Spread.Parts(), sides[0].Size.Rows, sides[0].Size.Bytes);
    }

    private async Task<Relation> Together(IReadOnlyList<Relation> sides, string words, Spread spread, double rows, long bytes)
    {
        var all = sides[0] with
        {
            Inputs = [.. sides.SelectMany(side => side.Inputs)], Notes =
                [.. sides.SelectMany(side => side.Notes)], Distinct = new Dictionary<string, double>(),
        };
        var together = await draft.Select(all, string.Join($" {words} ", sides.Select(side => $"SELECT * FROM {side.Source}")));
        return together with { Spread = spread, Size = new SizeEstimate(rows, bytes) };
    }
}
