using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// A sample of rows that depends on the data and the seed alone. A row is drawn by the hash of its number in the whole dataset,
/// so cutting the dataset in another way draws the same rows.
/// </summary>
internal sealed class SamplePlanner(PlanDraft draft)
{
    private const string Position = OwnName.Prefix + "position";

    private readonly string dataset = draft.Datasets.Keys.First();
    private readonly IReadOnlyList<ColumnSchema> columns = draft.Datasets.Values.First().Columns;


    /// <summary>The drawn rows, in the order of the data.</summary>
    public async Task<PlannedQuery> Plan(SampleParameters parameters, BadRowPolicy onBadRow)
    {
        var names = columns.Select(column => column.Name).ToList();
        var rows = await Numbered(Source(onBadRow));
        var hash = string.Create(CultureInfo.InvariantCulture, $"hash({Position}, CAST({parameters.Seed} AS BIGINT))");
        if (parameters.Fraction is { } fraction)
        {
            var kept = fraction >= 1
                ? rows
                : await draft.Select(rows, $"SELECT * FROM {rows.Source} WHERE {hash} < {Below(fraction)}");
            return new PlannedQuery(kept with { Size = rows.Size.Times(fraction) }, names, [], null, 0);
        }

        var first = $"ORDER BY {hash}, {Position} LIMIT {parameters.Rows}";
        var drawn = await draft.Select(rows, $"SELECT * FROM {rows.Source} {first}");
        if (rows.Spread is not Spread.One)
        {
            var gathered = draft.Gather(draft.AddStage(
                drawn, "draw", "Only the rows with the smallest hashes of each partition can be in the sample."));
            drawn = await draft.Select(gathered, $"SELECT * FROM {gathered.Source} {first}");
        }

        return new PlannedQuery(drawn, names, [new SortKey(Position, "ASC NULLS LAST")], null, 0);
    }

    // The number of a row is the number of rows in the partitions before its own, and of those before it there. A row that was
    // set aside counts in neither, so the first stage reads whole rows and not their number alone.
    private async Task<Relation> Numbered(Func<Relation> source)
    {
        var rows = source();
        var numbered = $"SELECT *, CAST(row_number() OVER () AS BIGINT) AS {Position} FROM {rows.Source}";
        if (rows.Spread is Spread.One)
        {
            return await draft.Select(rows, numbered);
        }

        var all = source();
        var names = columns.Select(column => column.Name);
        var counted = await draft.Select(
            all,
            $"SELECT {TaskSpec.PartitionFunction}() AS part, count(*) AS n, bit_xor(hash({SqlText.Names(names)})) AS h FROM "
            + $"{all.Source}");
        var counts = draft.Gather(draft.AddStage(
            counted with { Size = new SizeEstimate(1, 24) }, "count",
            "Rows of each partition, so that each row has one number however the data is cut."));
        var before = $"(SELECT coalesce(sum(n), 0) FROM {counts.Source} WHERE part < {TaskSpec.PartitionFunction}())";
        return await draft.Select(
            rows.With(counts.Inputs),
            $"SELECT * REPLACE ({Position} + CAST({before} AS BIGINT) AS {Position}) FROM ({numbered})");
    }

    // The rows are read twice. A bad row that is set aside must be so once, and then its partition is read once and kept.
    private Func<Relation> Source(BadRowPolicy onBadRow)
    {
        var rows = draft.Scan(dataset);
        if (onBadRow == BadRowPolicy.Fail || rows.Spread is Spread.One)
        {
            return () => draft.Scan(dataset);
        }

        var stage = draft.AddStage(rows, "rows", "Rows without the bad ones, kept for counting and for drawing.");
        return () => draft.Read(stage, InputMode.Partition, new Spread.Parts());
    }

    private static string Below(double fraction) =>
        string.Create(CultureInfo.InvariantCulture, $"CAST({(ulong)(fraction * 18446744073709551616.0)} AS UBIGINT)");
}
