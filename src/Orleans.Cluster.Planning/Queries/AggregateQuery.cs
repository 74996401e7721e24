using System.Globalization;
using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>The SELECT of the operation <c>aggregate</c>.</summary>
internal sealed class AggregateQuery(OperationFaults faults, string table, IReadOnlyList<ColumnSchema> columns)
{
    /// <summary>The query; what is wrong goes to the faults.</summary>
    public async Task<string> Of(AggregateParameters parameters)
    {
        var groups = parameters.GroupBy.Select((name, index) => faults.Column($"/parameters/groupBy/{index}", name, columns))
            .OfType<ColumnSchema>().ToList();
        var items = parameters.Aggregates.Count == 0 && parameters.GroupBy.Count == 0
            ? Everything()
            : [.. parameters.Aggregates.Select((aggregate, index) => ItemOf($"/parameters/aggregates/{index}", aggregate))
                .OfType<Item>()];
        if (items.Count > 0
            && items.Select(i => i.Name).Concat(groups.Select(g => g.Name)).GroupBy(n => n, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            faults.Add("/parameters/aggregates", ProblemCode.QueryInvalid,
                $"Two result columns are named {twice.Key}. Name one with as.");
        }

        var where = parameters.Where is null ? null : await faults.Expression("/parameters/where", parameters.Where, columns);
        IReadOnlyList<ColumnSchema> results = [.. groups, .. items.Select(item => new ColumnSchema(item.Name, "BIGINT"))];
        var having = parameters.Having is null
            ? null
            : await faults.Expression(
                "/parameters/having", parameters.Having, [.. results, .. columns], mayAggregate: true, await Named(items));
        var order = parameters.OrderBy.Count > 0
            ? OperationQuery.OrderBy("/parameters/orderBy", parameters.OrderBy, results, faults)
            : string.Join(", ", groups.Select(group => $"{SqlText.Name(group.Name)} ASC NULLS LAST"));
        var from = SqlText.Name(table);
        if (where is not null)
        {
            await faults.Bind("/parameters/where", $"SELECT 1 FROM {from} WHERE {where}");
        }

        faults.Throw();
        var keys = SqlText.Names(groups.Select(group => group.Name));
        var selected = groups.Select(group => SqlText.Name(group.Name))
            .Concat(items.Select(item => $"{item.Expression} AS {SqlText.Name(item.Name)}"));
        return $"SELECT {string.Join(", ", selected)} FROM {from}"
            + (where is null ? "" : $" WHERE {where}") + (groups.Count == 0 ? "" : $" GROUP BY {keys}")
            + (having is null ? "" : $" HAVING {having}")
            + (order.Length == 0 ? "" : $" ORDER BY {order}")
            + (parameters.Limit is { } limit ? string.Create(CultureInfo.InvariantCulture, $" LIMIT {limit}") : "");
    }

    // In a condition on groups the name of an aggregate means its value, also where a column of the data has the same name.
    // Inside a call of an aggregate it means the column.
    private async Task<Func<JsonObject, JsonObject?>> Named(IReadOnlyList<Item> items)
    {
        var named = new Dictionary<string, JsonObject>(StringComparer.OrdinalIgnoreCase);
        var trees = await faults.Trees([.. items.Select(item => ("/parameters/having", item.Expression))]);
        foreach (var (item, tree) in items.Zip(trees))
        {
            named.TryAdd(item.Name, tree!);
        }

        return node => AggregateFunctions.IsAggregate(node) ? node
            : node.IsClass("COLUMN_REF") && SqlNodes.ColumnNames(node) is [var name] && named.TryGetValue(name, out var value)
            ? (JsonObject)value.DeepClone()
            : null;
    }

    private List<Item> Everything()
    {
        var items = new List<Item> { new("count(*)", "rows") };
        foreach (var column in columns.Where(column => StoredTypes.IsNumeric(column.Type)))
        {
            var name = SqlText.Name(column.Name);
            items.AddRange(new[] { ("count", "count"), ("sum", "sum"), ("avg", "mean"), ("min", "min"), ("max", "max") }
                .Select(pair => new Item($"{pair.Item1}({name})", $"{column.Name}_{pair.Item2}")));
        }

        // A column may be named like a figure of another one, or like the row count.
        return [.. items.Zip(ResultNames.Unique(items.Select(item => item.Name)), (item, name) => item with { Name = name })];
    }

    private Item? ItemOf(string pointer, AggregateSpec aggregate)
    {
        var function = aggregate.Function.Trim().ToLowerInvariant();
        var distinct = aggregate.Distinct;
        if (function is "count distinct" or "count_distinct")
        {
            (function, distinct) = ("count", true);
        }

        if (AggregateCatalogue.Find(function) is not { } known)
        {
            faults.Add($"{pointer}/function", ProblemCode.QueryInvalid,
                $"There is no function {aggregate.Function}. Functions are: "
                + $"{string.Join(", ", AggregateCatalogue.All.Select(each => each.Name))}.");
            return null;
        }

        var arguments = Arguments($"{pointer}/column", known, aggregate);
        if (arguments is null)
        {
            return null;
        }

        var name = aggregate.As ?? (aggregate.Column is null
            ? function
            : $"{function}{(distinct ? "_distinct" : "")}_"
            + $"{aggregate.Column.Replace(',', '_').Replace(" ", "", StringComparison.Ordinal)}");
        var extra = function switch
        {
            "quantile_cont" => string.Create(CultureInfo.InvariantCulture, $", {aggregate.Q ?? 0.5}"),
            "string_agg" => $", {SqlText.Literal(aggregate.Separator ?? ",")}",
            _ => "",
        };
        return new Item($"{function}({(distinct ? "DISTINCT " : "")}{arguments}{extra})", name);
    }

    private string? Arguments(string pointer, AggregateNote known, AggregateSpec aggregate)
    {
        var function = known.Name;
        if (function == "count" && aggregate.Column is null or "*")
        {
            return "*";
        }

        if (aggregate.Column is null)
        {
            faults.Add(pointer, ProblemCode.ColumnNotFound, $"{function} needs a column.");
            return null;
        }

        // A column may have a comma in its name, so the whole name goes first.
        var isOne = known.Columns == 1;
        var names = isOne ? [aggregate.Column] : aggregate.Column.Split(',', 2, StringSplitOptions.TrimEntries);
        if (!isOne && names.Length != 2)
        {
            faults.Add(pointer, ProblemCode.QueryInvalid, $"{function} takes two columns, separated by a comma: y,x.");
            return null;
        }

        var found = names.Select(name => faults.Column(pointer, name, columns)).ToList();
        if (found.Contains(null))
        {
            return null;
        }

        foreach (var column in found.OfType<ColumnSchema>().Where(column => known.Operand switch
        {
            AggregateOperand.Numbers => !StoredTypes.IsNumeric(column.Type) && column.Type is not ("BOOLEAN" or "INTERVAL")
                && !(function == "avg" && column.Type is "DATE" or "TIMESTAMP" or "TIME"),
            AggregateOperand.Booleans => column.Type != "BOOLEAN",
            _ => false,
        }))
        {
            faults.Add(pointer, ProblemCode.QueryInvalid,
                $"{function} takes {known.Operand.ToString().ToLowerInvariant()}, and column {column.Name} is {column.Type}.");
        }

        return SqlText.Names(found.OfType<ColumnSchema>().Select(column => column.Name));
    }

    private sealed record Item(string Expression, string Name);
}
