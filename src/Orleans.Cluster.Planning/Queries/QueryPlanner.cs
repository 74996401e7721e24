using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>Every operation becomes one SELECT, and the SELECT is cut into stages.</summary>
public sealed class QueryPlanner(ISqlEngine engine, PlanLimits? limits = null) : IQueryPlanner
{
    /// <inheritdoc/>
    public async Task<JobPlan> Plan(
        JobSpec spec, IReadOnlyDictionary<string, PlannedDataset> datasets, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(datasets);
        TakenNames.Refuse(spec, datasets);
        var draft = NewDraft(datasets);
        var sql = await OperationQuery.Of(spec, draft);
        if (await Pruning.Apply(datasets, draft, sql) is var needed && !ReferenceEquals(needed, datasets))
        {
            draft = NewDraft(needed);
        }

        if (spec.Operation == OperationKind.Pivot)
        {
            return PlanOf(draft, sql, await Pivot(spec, draft));
        }

        string? note = null;
        if (OneTask.IsPossible(spec, draft.Datasets) && OneTask.Of(draft.Datasets, await draft.Parse(sql)) is { } one)
        {
            (draft, note) = (NewDraft(one.Datasets), one.Note);
            draft.Threads = spec.Output is { PartitionBy.Count: > 0 } or { FileBytes: not null } ? 1 : one.Threads;
        }

        var planned = await Planned(spec, draft, sql);
        var bound = planned.Bound
            ?? planned.Query.Relation.ColumnsOf(planned.Query.Columns);
        var query = IsOrderSpare(spec, planned.Query, draft.Limits) ? planned.Query with { Order = [] } : planned.Query;
        var notes = new[] { note, ThreadedQuery.Note(draft.Threads) }.OfType<string>();
        query = query with { Relation = query.Relation with { Notes = [.. query.Relation.Notes, .. notes] } };
        var columns = AddResult(draft, spec, await new OrderPlanner(draft).Arrange(query), bound);
        return PlanOf(draft, sql, columns);

        PlanDraft NewDraft(IReadOnlyDictionary<string, PlannedDataset> of) =>
            new(engine, of, limits ?? new PlanLimits(), cancellationToken)
            {
                SetsRowsAside = spec.OnBadRow == BadRowPolicy.Quarantine,
            };
    }

    // Groups that nobody asked an order of come in that of their keys where one task can have them all; else in the order of
    // their targets, which is the same in every run: a sort over several tasks costs more than the groups themselves.
    private static bool IsOrderSpare(JobSpec spec, PlannedQuery query, PlanLimits limits) =>
        spec.Operation == OperationKind.Aggregate && query.Relation.Spread is not Queries.Spread.One && query.Limit is null
        && query.Relation.Size.Bytes > limits.GatherBytes && spec.ReadParameters<AggregateParameters>().OrderBy.Count == 0;

    private static JobPlan PlanOf(PlanDraft draft, string sql, IReadOnlyList<ColumnSchema> columns) =>
        new() { Datasets = draft.Datasets, Stages = draft.Stages, Columns = columns, Tables = draft.Tables, Query = sql };

    private static async Task<IReadOnlyList<ColumnSchema>> Pivot(JobSpec spec, PlanDraft draft)
    {
        var parameters = spec.ReadParameters<PivotParameters>();
        var columns = OperationQuery.PivotColumns(parameters, draft);
        var cells = await Spread(draft, await draft.Parse(PivotPlanner.CellsQuery(draft.Datasets.Keys.First(), columns)));
        return await new PivotPlanner(draft).Plan(cells, columns, parameters.As, ResultOutput(spec));
    }

    // Two operations have a meaning that no SELECT over tables without row numbers or sketches has; all others are their query.
    private static async Task<(PlannedQuery Query, IReadOnlyList<ColumnSchema>? Bound)> Planned(
        JobSpec spec, PlanDraft draft, string sql)
    {
        switch (spec.Operation)
        {
            case OperationKind.Sample:
                return (await new SamplePlanner(draft).Plan(spec.ReadParameters<SampleParameters>(), spec.OnBadRow), null);
            case OperationKind.Profile when !spec.ReadParameters<ProfileParameters>().Exact:
                return (await new ProfilePlanner(draft).Plan(
                    OperationQuery.ProfileColumns(spec.ReadParameters<ProfileParameters>(), draft)), null);
            default:
                var query = await draft.Parse(sql);
                var bound = await draft.Bind(await draft.Render(query));
                var threaded = draft.Threads > 1 ? ThreadedQuery.Of(query, draft.Columns) : null;
                var spread = await Spread(draft, threaded?.Query ?? query);
                draft.Threads = threaded is null ? 1 : draft.Threads;
                draft.FewGroups = threaded is { FewGroups: { } few } ? await FewGroups(draft, few, spread) : null;
                return (spread, bound);
        }
    }

    // By the name that its one table has in the task.
    private static async Task<FewGroups> FewGroups(PlanDraft draft, UnorderedGroups groups, PlannedQuery planned)
    {
        var table = groups.Keys["from_table"]!;
        table["alias"] = table.Text("alias") is { Length: > 0 } alias ? alias : table.Text("table_name");
        table["table_name"] = planned.Relation.Inputs.Single().Input.Name;
        return new FewGroups(groups.OrderBy, await draft.Render(groups.Keys));
    }

    private static async Task<PlannedQuery> Spread(PlanDraft draft, JsonObject query)
    {
        if (!draft.Datasets.Values.Any(PlanDraft.IsSpread))
        {
            return await new GatheredQuery(draft).Plan(query, null);
        }

        if (SqlNodes.Descend(query).Any(node => node.IsClass("COLLATE")))
        {
            // Values that are equal under a collation have different hashes, and a file does not keep a column's collation.
            return await new GatheredQuery(draft).Plan(query, "a collation");
        }

        if (SqlNodes.Descend(query).Any(node => node.IsClass("POSITIONAL_REFERENCE")))
        {
            return await new GatheredQuery(draft).Plan(query, "a column by its number in FROM");
        }

        JsonObject inlined;
        try
        {
            inlined = CommonTables.Inline(query);
        }
        catch (NotSpreadableException shape)
        {
            return await new GatheredQuery(draft).Plan(query, shape.Message);
        }

        draft.Shared = new SharedTables(inlined);
        return await new NodePlanner(draft).Plan(inlined);
    }

    // The last stage: result columns alone, in types that a file keeps and that a single engine would have given.
    private static IReadOnlyList<ColumnSchema> AddResult(
        PlanDraft draft, JobSpec spec, PlannedQuery planned, IReadOnlyList<ColumnSchema> bound)
    {
        var relation = planned.Relation;
        var found = relation.ColumnsOf(planned.Columns);
        StoredTypes.RequireFields(bound, found);
        var columns = planned.Columns.Zip(bound, (name, column) => new ColumnSchema(name, StoredType.InResult(column.Type)))
            .ToList();
        var selected = columns.Zip(found, (column, has) =>
        {
            var reference = $"r.{SqlText.Name(column.Name)}";
            return has.Type == column.Type ? reference : $"CAST({reference} AS {column.Type}) AS {SqlText.Name(column.Name)}";
        });
        draft.AddResult(
            relation, "result",
            $"SELECT {string.Join(", ", selected)} FROM {relation.Source} AS r{planned.OrderBy}{planned.LimitBy}", columns,
            ResultOutput(spec));
        return columns;
    }

    private static TaskOutput ResultOutput(JobSpec spec) => new()
    {
        Kind = OutputKind.Result,
        Format = spec.Output?.Format ?? OutputFormat.Parquet,
        Compression = spec.Output?.Compression,
        PartitionBy = spec.Output?.PartitionBy ?? [],
        FileBytes = spec.Output?.FileBytes,
    };
}
