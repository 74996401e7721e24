using System.Globalization;
using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Whether one task does a query over Parquet as soon as several would, and for less: a stage costs about a tenth of a second
/// wherever it runs, and a reader of columns is done with some million rows in that time. It follows from the data and the spec
/// alone; who asks for partitions of a size or a number gets them.
/// </summary>
/// <param name="Datasets">The datasets, each in one partition.</param>
/// <param name="Seconds">Processor time that it takes, estimated.</param>
/// <param name="Note">The estimate, for people; null where there was no choice.</param>
internal sealed record OneTask(IReadOnlyDictionary<string, PlannedDataset> Datasets, double Seconds, string? Note)
{
    // Measured over TPC-H at scale 1, one thread: 5 to 8 ns for each value that a query reads, of text 3 ns for each byte; a row
    // that is grouped, or that a function is called for, takes 50 ns; a value that is written 60 ns.
    private const double ValueSeconds = 7e-9;
    private const double TextByteSeconds = 3e-9;
    private const double RowSeconds = 50e-9;
    private const double WrittenSeconds = 60e-9;
    private const double MostSeconds = 1;

    // Where rows only pass, tasks share the work without a second stage.
    private const double MostPassingSeconds = 0.2;

    // A thread more costs little, and has to be worth it.
    private const double SecondsPerThread = 0.01;
    private const int MostThreads = 16;

    // Of fewer rows one thread has them all.
    private const long RowGroupRows = 122_880;

    // Each is a reader of its own in the task.
    private const int MostSlices = 64;

    /// <summary>Threads that have something to do in it, where they are the same to its result.</summary>
    public int Threads => Datasets.Values.All(dataset => dataset.Format == SourceFormat.Parquet)
        ? Math.Clamp((int)Math.Ceiling(Seconds / SecondsPerThread), 1, MostThreads) : 1;

    /// <summary>Whether it is worth a look at the query.</summary>
    public static bool IsPossible(JobSpec spec, IReadOnlyDictionary<string, PlannedDataset> datasets) =>
        spec.Operation is not (OperationKind.Sample or OperationKind.Profile) && spec.Partitioning == new PartitioningSpec()
        && datasets.Values.Any(dataset => PlanDraft.IsSpread(dataset) || IsLarge(dataset)) && datasets.Values.All(IsPossible);

    /// <summary>The plan of one task; null where stages are better.</summary>
    /// <param name="datasets">Datasets for which it is possible.</param>
    /// <param name="query">The query.</param>
    public static OneTask? Of(IReadOnlyDictionary<string, PlannedDataset> datasets, JsonObject query)
    {
        if (MultipliesRows(query))
        {
            return null;
        }

        var use = new ColumnUse(query);
        var most = datasets.Max(pair => use.Times(pair.Key) > 0 ? pair.Value.EstimatedRows : 0);
        var written = WriteSeconds(query, datasets);
        var seconds = datasets.Sum(pair => use.Times(pair.Key) * ReadSeconds(pair.Value, use.Of(pair.Key)))
            + (most * RowSeconds * Calls(query)) + written;
        if (seconds > (written > seconds / 2 ? MostPassingSeconds : MostSeconds))
        {
            return null;
        }

        return new OneTask(
            datasets.ToDictionary(pair => pair.Key, pair => InOne(pair.Value), StringComparer.OrdinalIgnoreCase), seconds,
            datasets.Values.Any(PlanDraft.IsSpread)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"One task does all, about {seconds:0.0} s by estimate ({most:N0} rows in the largest table): several "
                + $"stages would not be done sooner. A job that sets partitioning gets its partitions.")
            : null);
    }

    private static bool IsLarge(PlannedDataset dataset) =>
        dataset is { Format: SourceFormat.Parquet, EstimatedRows: > RowGroupRows };

    // Objects of a store are read faster by several.
    private static bool IsPossible(PlannedDataset dataset) => !PlanDraft.IsSpread(dataset) || (
        dataset is { Format: SourceFormat.Parquet, PieceBytes: null, EstimatedRows: > 0 }
        && dataset.Partitions.Sum(partition => partition.Slices.Count) <= MostSlices
        && dataset.Partitions.All(partition =>
            partition.Slices.All(slice => !ObjectGrant.IsObject(slice.File.Stamp.Path))));

    // Windows sort all rows, and tables that meet without an equality make as many as their product.
    private static bool MultipliesRows(JsonObject query)
    {
        var nodes = SqlNodes.Descend(query).ToList();
        var tables = nodes.Count(node => node["class"] is null && node.Text("type") == "BASE_TABLE");
        var subqueries = nodes.Count(node => node.IsClass("SUBQUERY"));
        var equalities = nodes.Count(node => node.Text("type") == "COMPARE_EQUAL")
            + nodes.Count(node => node["using_columns"] is JsonArray { Count: > 0 });
        return tables - 1 - subqueries > equalities || nodes.Exists(node => node.IsClass("WINDOW"));
    }

    private static double ReadSeconds(PlannedDataset dataset, IReadOnlyList<string>? used)
    {
        if (dataset.Format != SourceFormat.Parquet)
        {
            return TextByteSeconds * Math.Max(dataset.TotalBytes, dataset.InflatedBytes);
        }

        var columns = used is null ? dataset.Columns.Count : dataset.Columns.Count(column =>
            used.Contains(column.Name, StringComparer.OrdinalIgnoreCase));
        return ValueSeconds * dataset.EstimatedRows * columns;
    }

    // How often rows are grouped, and functions called for them.
    private static int Calls(JsonObject query) => SqlNodes.Descend(query).Count(node =>
        ColumnUse.IsGrouped(node)
        || (node.IsClass("FUNCTION") && !node.Flag("is_operator") && !AggregateFunctions.IsAggregate(node)
            && SqlNodes.Descend(node).Any(part => part.IsClass("COLUMN_REF"))));

    // Aggregates and limits leave few rows; all else may leave as many as its largest table has.
    private static double WriteSeconds(JsonObject query, IReadOnlyDictionary<string, PlannedDataset> datasets)
    {
        var selected = query.Items("select_list").ToList();
        if (ColumnUse.IsGrouped(query) || query.Items("modifiers").Any(IsLimit)
            || selected.Exists(expression =>
                SqlNodes.Descend(expression, intoSubqueries: false).Any(AggregateFunctions.IsAggregate)))
        {
            return 0;
        }

        var tables = SqlNodes.Descend(query["from_table"])
            .Where(node => node["class"] is null && node.Text("type") == "BASE_TABLE")
            .Select(node => node.Text("table_name")!).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var read = datasets.Where(pair => tables.Contains(pair.Key)).Select(pair => pair.Value).ToList();
        if (read.Count == 0)
        {
            read = [.. datasets.Values];
        }

        var columns = selected.Count == 0 || selected.Exists(expression => expression.IsClass("STAR"))
            ? read.Sum(dataset => dataset.Columns.Count) : selected.Count;
        return WrittenSeconds * read.Max(dataset => dataset.EstimatedRows) * columns;
    }

    private static bool IsLimit(JsonObject modifier) => modifier.Text("type") is "LIMIT_MODIFIER" or "LIMIT_PERCENT_MODIFIER";

    // Neighbouring rows of one file are read together.
    private static PlannedDataset InOne(PlannedDataset dataset)
    {
        if (dataset.Partitions.Count < 2)
        {
            return dataset;
        }

        var slices = new List<FileSlice>();
        foreach (var slice in dataset.Partitions.SelectMany(partition => partition.Slices))
        {
            if (slices.Count > 0 && slices[^1] is { Unit: SliceUnit.Rows } last && slice.Unit == SliceUnit.Rows
                && last.File.Stamp == slice.File.Stamp && last.End == slice.Start)
            {
                slices[^1] = last with { End = slice.End, Rows = last.Rows + slice.Rows };
            }
            else
            {
                slices.Add(slice);
            }
        }

        return dataset with
        {
            Partitions =
            [
                new DataPartition
                {
                    Index = 0, Slices = slices, Bytes = dataset.Partitions.Sum(partition => partition.Bytes),
                    EstimatedRows = dataset.Partitions.Sum(partition => partition.EstimatedRows),
                },
            ],
        };
    }
}
