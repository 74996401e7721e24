using System.Numerics;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Partitioning;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>Order and limit in stages: the first rows of each partition, or a sort by ranges of the key.</summary>
internal sealed class OrderPlanner(PlanDraft draft)
{
    private const int SampleRows = 512;
    private const string SortKeyColumn = OwnName.Prefix + "sort";
    private const string Borders = OwnName.Prefix + "borders";
    private const string Range = OwnName.Prefix + "range";

    /// <summary>
    /// The query with its rows where order and limit can be applied: in one task, or in ranges that follow each other, so that
    /// sorting each task's rows sorts all.
    /// </summary>
    public async Task<PlannedQuery> Arrange(PlannedQuery query)
    {
        if (query.IsSettled || query.Relation.Spread is Spread.One)
        {
            return query;
        }

        if (query.Limit is not null)
        {
            return await First(query);
        }

        return query.Relation.Size.Bytes <= draft.Limits.GatherBytes || query.Offset > 0
            ? Gathered(query)
            : await InPlace(query) ?? await Ranges(query);
    }

    /// <summary>A relation of the result columns with order and limit applied, in one task, for a query around it.</summary>
    public async Task<Relation> Settle(PlannedQuery query)
    {
        // Without a limit the order of a subquery means nothing to the query around it.
        var arranged = query.Limit is null && query.Offset == 0 ? query with { Order = [] } : await Arrange(query);
        if (arranged.IsSettled && arranged.Relation.Columns.Count == arranged.Columns.Count)
        {
            return arranged.Relation;
        }

        var settled = await draft.Select(
            arranged.Relation,
            $"SELECT {arranged.SelectColumns} FROM {arranged.Relation.Source} AS r{arranged.OrderBy}{arranged.LimitBy}");
        return settled with { Size = Limited(settled.Size, query) };
    }

    private static SizeEstimate Limited(SizeEstimate size, PlannedQuery query) =>
        query.Limit is { } limit && limit < size.Rows ? size.Times(limit / size.Rows) : size;

    private async Task<PlannedQuery> First(PlannedQuery query)
    {
        var rows = query.Limit!.Value + query.Offset;
        var first = await draft.Select(query.Relation, $"SELECT * FROM {query.Relation.Source} AS r{query.OrderBy} LIMIT {rows}");
        first = first with { Size = rows < first.Size.Rows
            ? first.Size.Times(Math.Min(1, 8 * rows / first.Size.Rows))
            : first.Size };
        var stage = draft.AddStage(first, query.Order.Count > 0
            ? "top"
            : "first", $"Only the first {rows} rows of each partition can be in the result.");
        return query with { Relation = draft.Gather(stage) };
    }

    private PlannedQuery Gathered(PlannedQuery query)
    {
        var stage = draft.AddStage(query.Relation, "scan", "Few enough rows to be sorted by one task.");
        return query with { Relation = draft.Gather(stage) };
    }

    // Row groups whose statistics say that they follow each other by the first key, in partitions of their own: while no other
    // stage reads the dataset.
    private async Task<PlannedQuery?> InPlace(PlannedQuery query)
    {
        var rows = query.Relation;
        if (draft.Stages.Count > 0 || query.Order.Count == 0 || rows.Inputs is not [{ Input.Dataset: { } name }]
            || !rows.Origins.TryGetValue(query.Order[0].Column, out var column)
            || draft.Datasets[name] is not { Format: SourceFormat.Parquet } dataset
            || dataset.Columns.First(known => known.Name == column).Type is "FLOAT" or "DOUBLE")
        {
            // Of floating-point columns a footer does not say whether a NaN is among the values.
            return null;
        }

        var files = dataset.Partitions.SelectMany(partition => partition.Slices).Select(slice => slice.File);
        var question = new RowGroupQuestion(
            [.. files.DistinctBy(file => file.Stamp.Path)], dataset.Columns, [column], "true") { WantsBounds = true };
        var rowBytes = Math.Max(1, rows.Size.Bytes / Math.Max(1, rows.Size.Rows));
        if (SortedPartitions.Of(
            dataset, await draft.Judge(question), query.Order[0].Direction, query.Order.Count == 1,
            (long)(draft.Limits.TargetBytes / rowBytes)) is not { } sorted)
        {
            return null;
        }

        draft.Repartition(name, sorted);
        var note = $"By the statistics of row groups, the rows of each partition come before those of the next by {column}: each "
            + "is sorted by itself.";
        return query with { Relation = rows with { IsWhole = true, Notes = [.. rows.Notes, note] } };
    }

    // Sample keys, cut them into ranges, send each row to its range. Every task then sorts a range, and the ranges follow each
    // other.
    private async Task<PlannedQuery> Ranges(PlannedQuery query)
    {
        var key = $"create_sort_key("
            + $"{string.Join(", ", query.Order.Select(k => $"r.{SqlText.Name(k.Column)}, {SqlText.Literal(k.Direction)}"))})";
        var targets = draft.Limits.Targets(query.Relation.Size.Bytes);
        var sampled = query.Relation;
        Relation routed;
        if (CostsLittle(sampled))
        {
            routed = sampled;
        }
        else
        {
            var rows = draft.AddStage(sampled, "rows", "Rows to be sorted, kept once for sampling and once for sending.");
            sampled = draft.Read(rows, InputMode.Partition, new Spread.Parts());
            routed = draft.Read(rows, InputMode.Partition, new Spread.Parts());
        }

        // Rows are taken by the hash of their key and not at random, so that a second run draws the same borders.
        var sample = await draft.Select(
            sampled,
            $"SELECT {key} AS {SortKeyColumn} FROM {sampled.Source} AS r ORDER BY hash({SortKeyColumn}) LIMIT {SampleRows}");
        var samples = draft.Gather(
            draft.AddStage(
                sample with { Size = new SizeEstimate(SampleRows, SampleRows * 32).Times(draft.MostPartitions) }, "sample",
                "Keys of some rows of each partition."));
        var border = await draft.Select(
            samples,
            $"SELECT list(DISTINCT {SortKeyColumn} ORDER BY {SortKeyColumn}) AS {Borders} FROM (SELECT {SortKeyColumn}, "
            + $"row_number() OVER (ORDER BY {SortKeyColumn}) AS n, count(*) OVER () AS c "
            + $"FROM {samples.Source}) WHERE n % greatest(1, c // {targets}) = 0");
        var borders = draft.Gather(
            draft.AddStage(
                border with { Size = new SizeEstimate(1, targets * 32) }, "borders",
                $"At most {targets} ranges of about equal size."));

        routed = routed with { Inputs = [.. routed.Inputs, .. borders.Inputs] };
        var keyed = $"SELECT r.*, {key} AS {SortKeyColumn}, b.{Borders} FROM {routed.Source} AS r CROSS JOIN {borders.Source} AS "
            + "b";
        var send = await draft.Select(routed, $"SELECT * EXCLUDE ({SortKeyColumn}, {Borders}) FROM {Position(keyed, targets)}");
        var exchange = draft.AddExchange(send, "ranges", Range, targets, "Each row goes to the range of its key.");
        var read = draft.Read(exchange, InputMode.Target, new Spread.Parts());
        return query with { Relation = read with { Size = query.Relation.Size } };
    }

    // Whether it is cheaper to read rows twice, once for their keys alone, than to write them and read them back: those of a
    // dataset or of a stage, with whatever is computed of each row.
    private bool CostsLittle(Relation rows) => rows.IsStored
        || rows.Inputs is [{ Input.Dataset: { } dataset }]
            && (!draft.SetsRowsAside || draft.Datasets[dataset].Format == SourceFormat.Parquet);

    // How many borders are not above the key, at most targets - 1: a binary search in as many steps as the number of borders has
    // digits. Behind the end of the list a border is NULL, and a comparison with it is no step.
    private static string Position(string rows, int targets)
    {
        var text = $"(SELECT *, 0 AS {Range} FROM ({rows}))";
        for (var step = (int)BitOperations.RoundUpToPowerOf2((uint)targets) / 2; step >= 1; step /= 2)
        {
            var next = $"{Range} + CASE WHEN {Borders}[{Range} + {step}] <= {SortKeyColumn} THEN {step} ELSE 0 END";
            text = $"(SELECT * REPLACE ({next} AS {Range}) FROM {text})";
        }

        return $"(SELECT * REPLACE (least({Range}, {targets - 1}) AS {Range}) FROM {text})";
    }
}
