using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>The one SELECT that an operation stands for.</summary>
internal sealed class OperationQuery
{
    private readonly PlanDraft draft;
    private readonly OperationFaults faults;
    private readonly string table;
    private readonly IReadOnlyList<ColumnSchema> columns;

    private OperationQuery(PlanDraft draft)
    {
        this.draft = draft;
        faults = new OperationFaults(draft);
        (table, var dataset) = draft.Datasets.First();
        columns = dataset.Columns;
    }

    private string From => $"FROM {SqlText.Name(table)}";

    /// <summary>The query of a job.</summary>
    /// <exception cref="ClusterException">All faults that the data shows.</exception>
    public static async Task<string> Of(JobSpec spec, PlanDraft draft)
    {
        var query = new OperationQuery(draft);
        var sql = spec.Operation switch
        {
            OperationKind.Aggregate =>
                await new AggregateQuery(query.faults, query.table, query.columns).Of(spec.ReadParameters<AggregateParameters>()),
            OperationKind.Filter => await query.Filter(spec.ReadParameters<FilterParameters>()),
            OperationKind.Select => await query.Select(spec.ReadParameters<SelectParameters>()),
            OperationKind.Convert => $"SELECT * {query.From}",
            OperationKind.Distinct => query.Distinct(spec.ReadParameters<DistinctParameters>()),
            OperationKind.Sort => query.Sort(spec.ReadParameters<SortParameters>()),
            OperationKind.Join => query.Join(spec.ReadParameters<JoinParameters>()),
            OperationKind.Melt => query.Melt(spec.ReadParameters<MeltParameters>()),
            OperationKind.Sample => query.Sample(spec.ReadParameters<SampleParameters>()),
            OperationKind.Pivot => await query.Pivot(spec.ReadParameters<PivotParameters>()),
            OperationKind.Profile => query.Profile(spec.ReadParameters<ProfileParameters>()),
            OperationKind.Sql => await query.Sql(spec.ReadParameters<SqlParameters>()),
            _ => throw new ClusterException(ProblemCode.QueryInvalid, $"The operation {spec.Operation} cannot be planned."),
        };
        query.faults.Throw();
        return sql;
    }

    /// <summary>The keys of an order, as they stand behind ORDER BY.</summary>
    public static string OrderBy(
        string pointer, IReadOnlyList<OrderSpec> order, IReadOnlyList<ColumnSchema> columns, OperationFaults faults) =>
        string.Join(", ",
            order.Select((key, index) => (key, column: faults.Column($"{pointer}/{index}/column", key.Column, columns)))
            .Where(pair => pair.column is not null)
            .Select(pair =>
                $"{SqlText.Name(pair.column!.Name)} {(pair.key.Descending ? "DESC" : "ASC")} NULLS "
                + $"{(pair.key.NullsFirst == true ? "FIRST" : "LAST")}"));

    private async Task<string> Filter(FilterParameters parameters)
    {
        var where = await faults.Expression("/parameters/where", parameters.Where, columns);
        if (where is not null)
        {
            await faults.Bind("/parameters/where", $"SELECT 1 {From} WHERE {where}");
        }

        return $"SELECT * {From} WHERE {where}";
    }

    private async Task<string> Select(SelectParameters parameters)
    {
        var given = parameters.Columns.Index().Where(pair => pair.Item.Expression is not null).ToList();
        var texts = await faults.Expressions(
            [.. given.Select(pair => ($"/parameters/columns/{pair.Index}/expression", pair.Item.Expression!))], columns, From);
        var expressions = given.Zip(texts).ToDictionary(pair => pair.First.Index, pair => pair.Second);
        var items = new List<string>();
        foreach (var (index, column) in parameters.Columns.Index())
        {
            var expression = expressions.TryGetValue(index, out var text)
                ? text
                : faults.Column($"/parameters/columns/{index}", column.Column, columns) is { } found
                    ? SqlText.Name(found.Name) : null;
            if (expression is not null)
            {
                items.Add(column.As is { Length: > 0 } name ? $"{expression} AS {SqlText.Name(name)}" : expression);
            }
        }

        var where = parameters.Where is null ? null : await faults.Expression("/parameters/where", parameters.Where, columns);
        if (where is not null)
        {
            await faults.Bind("/parameters/where", $"SELECT 1 {From} WHERE {where}");
        }

        return $"SELECT {string.Join(", ", items)} {From}{(where is null ? "" : $" WHERE {where}")}";
    }

    private string Distinct(DistinctParameters parameters) =>
        $"SELECT DISTINCT {Columns("/parameters/columns", parameters.Columns, columns)} {From}";

    private string Sort(SortParameters parameters) =>
        $"SELECT * {From} ORDER BY {OrderBy("/parameters/by", parameters.By, columns, faults)}"
        + (parameters.Limit is { } limit ? string.Create(CultureInfo.InvariantCulture, $" LIMIT {limit}") : "");

    private string Join(JoinParameters parameters)
    {
        var left = Source("/parameters/left", parameters.Left);
        var right = Source("/parameters/right", parameters.Right);
        if (left is null || right is null)
        {
            return "";
        }

        var keys = parameters.On.Select((key, index) => (
            Left: faults.Column($"/parameters/on/{index}/left", key.Left, left),
            Right: faults.Column($"/parameters/on/{index}/right", key.Right, right)))
            .Where(key => key is { Left: not null, Right: not null })
            .Select(key => $"l.{SqlText.Name(key.Left!.Name)} = r.{SqlText.Name(key.Right!.Name)}").ToList();
        var items = JoinedColumns(parameters, left, right);
        return $"SELECT {string.Join(", ", items)} FROM {SqlText.Name(parameters.Left!)} AS l "
            + $"{parameters.How.ToString().ToUpperInvariant()} JOIN {SqlText.Name(parameters.Right!)} AS r ON "
            + $"{string.Join(" AND ", keys)}";
    }

    private IEnumerable<string> JoinedColumns(
        JoinParameters parameters, IReadOnlyList<ColumnSchema> left, IReadOnlyList<ColumnSchema> right)
    {
        var isLeftOnly = parameters.How is JoinKind.Semi or JoinKind.Anti;
        var names = left.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var offered = left.Select(column => (column.Name, Text: $"l.{SqlText.Name(column.Name)}")).ToList();
        foreach (var column in isLeftOnly ? [] : right)
        {
            var name = names.Contains(column.Name) ? $"{column.Name}_right" : column.Name;
            offered.Add((name, $"r.{SqlText.Name(column.Name)}"));
        }

        var schema = offered.Select(column => new ColumnSchema(column.Name, "")).ToList();
        var wanted = parameters.Columns.Count == 0
            ? schema
            : [.. parameters.Columns.Select((name, index) => faults.Column($"/parameters/columns/{index}", name, schema))
                .OfType<ColumnSchema>()];
        var texts = offered.ToLookup(pair => pair.Name, pair => pair.Text, StringComparer.Ordinal);
        return wanted.Select(column => $"{texts[column.Name].First()} AS {SqlText.Name(column.Name)}");
    }

    private IReadOnlyList<ColumnSchema>? Source(string pointer, string? name)
    {
        if (name is not null && draft.Datasets.TryGetValue(name, out var dataset))
        {
            return dataset.Columns;
        }

        faults.Add(pointer, ProblemCode.DatasetNotFound,
            GatheredQuery.NoSource(name ?? "", [.. draft.Datasets.Keys]));
        return null;
    }

    /// <summary>The columns that a profile describes.</summary>
    public static IReadOnlyList<ColumnSchema> ProfileColumns(ProfileParameters parameters, PlanDraft draft) =>
        new OperationQuery(draft).Profiled(parameters);

    /// <summary>What a pivot is of.</summary>
    public static PivotColumns PivotColumns(PivotParameters parameters, PlanDraft draft) =>
        new OperationQuery(draft).Pivoted(parameters)!;

    // What the plan shows; the stages draw rows by the hash of their number.
    private string Sample(SampleParameters parameters) => string.Create(
        CultureInfo.InvariantCulture,
        $"SELECT * {From} USING SAMPLE "
        + $"{(parameters.Fraction is { } share ? $"{share * 100} PERCENT" : $"{parameters.Rows} ROWS")} REPEATABLE ("
        + $"{parameters.Seed})");

    private string Profile(ProfileParameters parameters)
    {
        var profiled = Profiled(parameters);
        return parameters.Exact
            ? $"SELECT * EXCLUDE ({ProfilePlanner.Position}) FROM ({ProfilePlanner.ExactQuery(table, profiled)})"
            : $"SUMMARIZE {SqlText.Name(table)}";
    }

    // Each column has queries of its own, which the engine looks at together, in a time that grows faster than their number.
    private List<ColumnSchema> Profiled(ProfileParameters parameters)
    {
        var count = parameters.Columns.Count == 0 ? columns.Count : parameters.Columns.Count;
        if (count > ProfileParameters.MostColumns)
        {
            faults.Add("/parameters/columns", ProblemCode.QueryInvalid,
                $"A profile describes at most {ProfileParameters.MostColumns} columns at once, and these are {count}. Name some "
                + "of them in columns.");
            faults.Throw();
        }

        return parameters.Columns.Count == 0
            ? [.. columns]
            : [.. parameters.Columns.Select((name, index) => faults.Column($"/parameters/columns/{index}", name, columns))
                .OfType<ColumnSchema>()];
    }

    // What the plan shows; the engine's own PIVOT would need all rows in one task.
    private async Task<string> Pivot(PivotParameters parameters)
    {
        if (Pivoted(parameters) is not { } pivoted)
        {
            return "";
        }

        await faults.Bind("/parameters/value", PivotPlanner.CellsQuery(table, pivoted));
        return $"PIVOT {SqlText.Name(table)} ON {SqlText.Name(pivoted.Key.Name)} USING {pivoted.Call} "
            + $"GROUP BY {SqlText.Names(pivoted.Index.Select(column => column.Name))}";
    }

    private PivotColumns? Pivoted(PivotParameters parameters)
    {
        var index = parameters.Index.Select((name, number) => faults.Column($"/parameters/index/{number}", name, columns))
            .OfType<ColumnSchema>().ToList();
        var key = faults.Column("/parameters/key", parameters.Key, columns);
        var value = faults.Column("/parameters/value", parameters.Value, columns);
        if (key is null || value is null || index.Count < parameters.Index.Count)
        {
            return null;
        }

        if (index.Contains(key))
        {
            faults.Add("/parameters/key", ProblemCode.QueryInvalid, $"{key.Name} cannot be both in index and the key.");
            return null;
        }

        var function = parameters.Function.ToLowerInvariant();
        if (function is "sum" or "avg" && !StoredTypes.IsNumeric(value.Type))
        {
            faults.Add(
                "/parameters/value", ProblemCode.QueryInvalid,
                $"{function} takes numbers, and column {value.Name} is {value.Type}.");
            return null;
        }

        return new PivotColumns(index, key, $"{function}({SqlText.Name(value.Name)})", function == "count");
    }

    // One row for each pair of row and column, in the order of the rows and, within a row, of the columns.
    private string Melt(MeltParameters parameters)
    {
        var id = parameters.Id.Select((name, index) => faults.Column($"/parameters/id/{index}", name, columns))
            .OfType<ColumnSchema>().ToList();
        var melted = parameters.Columns.Count > 0
            ? [.. parameters.Columns.Select((name, index) => faults.Column($"/parameters/columns/{index}", name, columns))
                .OfType<ColumnSchema>()]
            : columns.Except(id).ToList();
        if (melted.Count == 0)
        {
            faults.Add("/parameters/columns", ProblemCode.ColumnNotFound, "There is no column to melt.");
            return "";
        }

        var names = string.Join(", ", melted.Select(column => SqlText.Literal(column.Name)));
        var isMixed = melted.Select(column => column.Type).Distinct().Count() > 1
            && !melted.All(column => StoredTypes.IsNumeric(column.Type));
        var values = string.Join(
            ", ", melted.Select(column => isMixed ? $"CAST({SqlText.Name(column.Name)} AS VARCHAR)" : SqlText.Name(column.Name)));
        var items = id.Select(column => SqlText.Name(column.Name)).Concat(
        [
            $"unnest([{names}]) AS {SqlText.Name(parameters.NameColumn)}",
            $"unnest([{values}]) AS {SqlText.Name(parameters.ValueColumn)}",
        ]);
        return $"SELECT {string.Join(", ", items)} {From}";
    }

    private async Task<string> Sql(SqlParameters parameters)
    {
        try
        {
            var query = await draft.Parse(parameters.Query ?? "");
            var sql = await draft.Render(query);
            GatheredQuery.CheckTables(query, draft.Datasets.Keys);
            SessionValues.Refuse(
                query, draft.Datasets.Values.SelectMany(dataset => dataset.Columns).Select(column => column.Name));
            await WrittenQuery.Bind(draft, sql, parameters.Query ?? "");
            return sql;
        }
        catch (ClusterException failure)
        {
            var names = draft.Datasets.Values.SelectMany(dataset => dataset.Columns).Select(column => column.Name);
            faults.Add("/parameters/query", failure.Code, WrittenQuery.WithNames(failure.Message, names));
            return "";
        }
    }

    private string Columns(string pointer, IReadOnlyList<string> wanted, IReadOnlyList<ColumnSchema> offered) =>
        wanted.Count == 0
            ? "*"
            : SqlText.Names(wanted.Select((name, index) => faults.Column($"{pointer}/{index}", name, offered))
                .OfType<ColumnSchema>().Select(c => c.Name));
}
