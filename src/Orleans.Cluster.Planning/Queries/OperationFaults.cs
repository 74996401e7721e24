using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Collects all that the data shows to be wrong with an operation's parameters, each with its place in the request.
/// </summary>
internal sealed class OperationFaults(PlanDraft draft)
{
    // Faults that say what was probably meant; each looks through the names of a table.
    private const int MostGuesses = 10;

    private readonly List<Fault> faults = [];
    private (IReadOnlyList<ColumnSchema> Columns, ILookup<string, ColumnSchema> ByName) known =
        ([], Enumerable.Empty<ColumnSchema>().ToLookup(column => column.Name));

    /// <summary>A fault of its own.</summary>
    public void Add(string pointer, ProblemCode code, string detail) => faults.Add(new Fault(pointer, code.Word, detail));

    /// <summary>The column as the data spells it; a fault when there is none.</summary>
    public ColumnSchema? Column(string pointer, string? name, IReadOnlyList<ColumnSchema> columns)
    {
        // As many names as a table has columns may be looked up.
        if (!ReferenceEquals(known.Columns, columns))
        {
            known = (columns, columns.ToLookup(column => column.Name, StringComparer.OrdinalIgnoreCase));
        }

        if (known.ByName[name ?? ""].FirstOrDefault() is { } found)
        {
            return found;
        }

        // A request may name as many columns as a table has.
        var near = faults.Count < MostGuesses
            && NearestName.Find(name ?? "", columns.Select(column => column.Name)) is { } other
            ? $" Did you mean {other}?" : "";
        Add(pointer, ProblemCode.ColumnNotFound, $"There is no column {name}.{near} Columns are: {Listed(columns)}.");
        return null;
    }

    /// <summary>
    /// The expression as the engine writes it: one expression and nothing else, over columns that exist. A fault, and null,
    /// otherwise.
    /// </summary>
    /// <param name="pointer">Its place.</param>
    /// <param name="text">What the user wrote.</param>
    /// <param name="columns">Columns that it may use.</param>
    /// <param name="mayAggregate">Whether it may call aggregates.</param>
    /// <param name="replace">What stands for a part of it.</param>
    public async Task<string?> Expression(
        string pointer, string? text, IReadOnlyList<ColumnSchema> columns, bool mayAggregate = false,
        Func<JsonObject, JsonObject?>? replace = null)
    {
        try
        {
            if (await Parse(text) is not { } expression)
            {
                Add(pointer, ProblemCode.QueryInvalid, $"{text} is not one expression.");
                return null;
            }

            return AreKnown(pointer, expression, columns, mayAggregate)
                ? await draft.RenderExpression(replace is null ? expression : SqlNodes.Rewrite(expression, replace)!)
                : null;
        }
        catch (ClusterException failure)
        {
            Add(pointer, failure.Code, WrittenQuery.OfExpression(failure.Message));
            return null;
        }
    }

    /// <summary>The tree of a text; null when it is not one expression and nothing else.</summary>
    /// <exception cref="ClusterException"><c>query-invalid</c>: it cannot be parsed, or holds what is refused.</exception>
    public async Task<JsonObject?> Parse(string? text)
    {
        var query = await draft.Parse($"SELECT {text}");
        return query.Items("select_list").ToList() is [{ } expression] && expression.Text("alias") is not { Length: > 0 }
            && IsBare(query)
            ? expression
            : null;
    }

    /// <summary>Whether the engine accepts a query; a fault otherwise.</summary>
    public async Task Bind(string pointer, string sql, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>>? tables = null)
    {
        try
        {
            await (tables is null ? draft.Bind(sql) : draft.Bind(sql, tables));
        }
        catch (ClusterException failure)
        {
            Add(pointer, failure.Code, failure.Message);
        }
    }

    /// <summary>Refuses the job when there is a fault.</summary>
    /// <exception cref="ClusterException">All faults, under the code of the first.</exception>
    public void Throw()
    {
        if (faults is [var first, ..])
        {
            var detail = faults.Count == 1 ? first.Detail : $"{first.Detail} And {faults.Count - 1} more.";
            throw new ClusterException(ProblemCode.Parse(first.Code), detail, errors: [.. faults]);
        }
    }

    private static string Listed(IReadOnlyList<ColumnSchema> columns) =>
        string.Join(", ", columns.Select(column => column.Name).Distinct(StringComparer.OrdinalIgnoreCase).Take(30))
        + (columns.Count > 30 ? ", ..." : "");

    private static bool IsBare(JsonObject query) =>
        query.Text("type") == "SELECT_NODE" && query["from_table"].Text("type") == "EMPTY" && query["where_clause"] is null
        && query["having"] is null && query["qualify"] is null && !query.Items("group_expressions").Any()
        && !query.Items("modifiers").Any()
        && !query["cte_map"].Items("map").Any() && query.Text("aggregate_handling") == "STANDARD_HANDLING";

    private bool AreKnown(string pointer, JsonObject expression, IReadOnlyList<ColumnSchema> columns, bool mayAggregate)
    {
        var before = faults.Count;
        if (SqlNodes.Descend(expression).Any(node => node.IsClass("SUBQUERY") || node.IsClass("WINDOW") || node.IsClass("STAR")))
        {
            Add(pointer, ProblemCode.QueryInvalid, "Subqueries, windows and stars have no place here; use the operation sql.");
        }

        if (!mayAggregate && SqlNodes.Descend(expression).FirstOrDefault(AggregateFunctions.IsAggregate) is { } aggregate)
        {
            Add(pointer, ProblemCode.QueryInvalid,
                $"{aggregate.Text("function_name")} is an aggregate; this expression is over one row.");
        }

        if (SessionValues.Find(expression, columns.Select(column => column.Name)) is { } sessionValue)
        {
            Add(pointer, ProblemCode.QueryInvalid, SessionValues.Refusal(sessionValue));
            return false;
        }

        var parameters = SqlNodes.Descend(expression)
            .Where(node => node.IsClass("LAMBDA")).SelectMany(lambda => SqlNodes.Descend(lambda["lhs"]))
            .Where(node => node.IsClass("COLUMN_REF")).Select(node => SqlNodes.ColumnNames(node)[0]).ToList();
        var known = columns.Select(column => column.Name)
            .Concat(parameters).Concat(draft.Datasets.Keys).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var name in SqlNodes.Descend(expression).Where(node => node.IsClass("COLUMN_REF"))
            .Select(node => SqlNodes.ColumnNames(node)[0])
            .Where(name => !known.Contains(name)).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            Column(pointer, name, columns);
        }

        return faults.Count == before;
    }
}
