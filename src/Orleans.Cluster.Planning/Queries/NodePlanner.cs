using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Plans a query node of any kind. What cannot be cut into stages goes to one task, and only that: the query around it is cut.
/// </summary>
internal sealed class NodePlanner(PlanDraft draft)
{
    /// <summary>The rows of a query; order and limit are left to the caller.</summary>
    /// <param name="query">The query.</param>
    /// <param name="filters">Of its result columns: rows that do not pass are not needed, and may still be there.</param>
    public async Task<PlannedQuery> Plan(JsonObject query, IReadOnlyList<KeyFilter>? filters = null)
    {
        var mark = draft.Mark();
        try
        {
            return query.Text("type") switch
            {
                "SELECT_NODE" => await new SelectPlanner(draft, this).Plan(query, filters ?? []),
                "SET_OPERATION_NODE" => await new SetOperationPlanner(draft, this).Plan(query),
                var type => throw new NotSpreadableException($"a node of type {type}"),
            };
        }
        catch (NotSpreadableException shape)
        {
            draft.Reset(mark);
            return await new GatheredQuery(draft).Plan(query, shape.Message);
        }
        catch (ClusterException unbound)
            when (unbound.Code == ProblemCode.QueryInvalid || unbound.Code == ProblemCode.ColumnNotFound)
        {
            // The whole query was bound before, so a part of it that cannot be bound alone is a form that the planner does not
            // know.
            draft.Reset(mark);
            return await new GatheredQuery(draft).Plan(query, "a form that has no meaning in parts");
        }
    }

    /// <summary>The result columns of a query inside another one, its limit applied.</summary>
    public async Task<Relation> Rows(JsonObject query, IReadOnlyList<KeyFilter>? filters = null) =>
        await new OrderPlanner(draft).Settle(await Plan(query, filters));

    /// <summary>A query in the place of a table. One that occurs several times is computed by one stage.</summary>
    public async Task<Relation> Derived(JsonObject table, IReadOnlyList<KeyFilter> filters)
    {
        if (table.Text("type") != "SUBQUERY")
        {
            // VALUES and the like: a SELECT of it would lead here again, and it reads no table that could be parted.
            return (await new GatheredQuery(draft).Plan(SqlNodes.SelectAll(table), null)).Relation;
        }

        var query = (JsonObject)table["subquery"]!["node"]!;
        if (!draft.Shared.IsRepeated(table))
        {
            return await Rows(query, filters);
        }

        if (draft.Shared.Find(table) is not { } stage)
        {
            stage = draft.AddStage(await Rows(query), "shared", "Computed once for all the places that use it.");
            draft.Shared.Add(table, stage);
        }

        return stage.IsOneTask ? draft.Gather(stage) : draft.Read(stage, InputMode.Partition, new Spread.Parts());
    }
}
