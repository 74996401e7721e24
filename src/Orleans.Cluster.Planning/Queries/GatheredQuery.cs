using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// The way that is always right: tables are scanned in partitions, each once and in the columns that the query may read, and one
/// task runs the query as it is over all that is left.
/// </summary>
internal sealed class GatheredQuery(PlanDraft draft)
{
    /// <summary>One relation for the whole query.</summary>
    /// <param name="query">The query, by the names of datasets.</param>
    /// <param name="reason">What could not be spread; null when nothing had to be.</param>
    public async Task<PlannedQuery> Plan(JsonObject query, string? reason)
    {
        var copy = (JsonObject)query.DeepClone();
        var inputs = new List<RelationInput>();
        var size = new SizeEstimate(0, 0);
        var used = new ColumnUse(query);
        var tables = new Dictionary<string, Relation>(StringComparer.OrdinalIgnoreCase);
        await Replace(copy, [], table =>
        {
            var name = table.Text("table_name")!;
            if (!tables.TryGetValue(name, out var read))
            {
                var leaf = draft.Scan(name, used.Of(name));
                read = leaf.Spread is Spread.One
                    ? leaf
                    : draft.Gather(draft.AddStage(leaf, "scan", "Columns in use, for the task that does the rest."));
                tables[name] = read;
                inputs.AddRange(read.Inputs);
            }

            size = new SizeEstimate(size.Rows + read.Size.Rows, size.Bytes + read.Size.Bytes);
            return read.Source;
        });
        RecursiveQueries.Bound(copy);

        // Over whole tables it is the query itself, which the engine has been asked about. Fields of structs are compared all
        // the same.
        var sql = await draft.Render(copy);
        var isWhole = tables.All(table => table.Value.Columns.Count == draft.Datasets[table.Key].Columns.Count);
        var known = isWhole ? await draft.Bind(await draft.Render(query)) : null;
        var columns = known is not null && !known.Any(column => StoredTypes.HasFields(column.Type))
            ? known
            : await draft.BindOver(inputs, sql);
        if (columns.Any(column => StoredTypes.HasFields(column.Type)))
        {
            StoredTypes.RequireFields(await draft.Bind(await draft.Render(query)), columns);
        }

        var names = ResultNames.Unique(columns.Select(column => column.Name));
        var relation = new Relation
        {
            Source = $"({sql})",
            Columns = [.. columns.Zip(names, (column, name) => column with { Name = name })],
            Inputs = inputs,
            Spread = new Spread.One(),
            Size = size,
            Notes = reason is null ? [] : [$"One task runs the query over what the scans leave, since it has {reason}."],
        };
        return new PlannedQuery(relation, names, [], null, 0);
    }

    /// <summary>What is said of a table that is not there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="known">Names of those that are.</param>
    public static string NoSource(string name, IReadOnlyCollection<string> known)
    {
        var near = NearestName.Find(name, known) is { } found ? $" Did you mean {found}?" : "";
        return $"There is no source named {name}.{near} Sources are: {string.Join(", ", known)}.";
    }

    /// <summary>Refuses tables that are neither datasets nor common table expressions in reach.</summary>
    /// <exception cref="ClusterException"><c>query-invalid</c>.</exception>
    public static void CheckTables(JsonNode? node, IEnumerable<string> datasets, IReadOnlyList<string>? expressions = null)
    {
        var visible = expressions ?? [];
        switch (node)
        {
            case JsonArray list:
                foreach (var child in list)
                {
                    CheckTables(child, datasets, visible);
                }

                break;
            case JsonObject item when item.Text("type") == "BASE_TABLE" && item["class"] is null:
                var name = item.Text("table_name")!;
                if (!visible.Concat(datasets).Contains(name, StringComparer.OrdinalIgnoreCase))
                {
                    throw new ClusterException(ProblemCode.QueryInvalid, NoSource(name, [.. datasets, .. visible]));
                }

                break;
            case JsonObject item:
                foreach (var entry in item["cte_map"].Items("map"))
                {
                    CheckTables(entry["value"], datasets, RecursiveQueries.NamesInside(entry, visible));
                    visible = [.. visible, entry.Text("key")!];
                }

                foreach (var (member, child) in item)
                {
                    if (member != "cte_map")
                    {
                        CheckTables(child, datasets, visible);
                    }
                }

                break;
        }
    }

    /// <summary>Gives every table that is no common table expression another name, innermost scopes last.</summary>
    private async Task Replace(JsonNode? node, IReadOnlyList<string> expressions, Func<JsonObject, string> nameOf)
    {
        switch (node)
        {
            case JsonArray list:
                foreach (var child in list)
                {
                    await Replace(child, expressions, nameOf);
                }

                break;
            case JsonObject item when item.Text("type") == "BASE_TABLE" && item["class"] is null:
                await ReplaceTable(item, expressions, nameOf);
                break;
            case JsonObject item:
                var visible = expressions;
                foreach (var entry in item["cte_map"].Items("map"))
                {
                    await Replace(entry["value"], RecursiveQueries.NamesInside(entry, visible), nameOf);
                    visible = [.. visible, entry.Text("key")!];
                }

                foreach (var (name, child) in item.ToList())
                {
                    if (name != "cte_map")
                    {
                        await Replace(child, visible, nameOf);
                    }
                }

                break;
        }
    }

    private async Task ReplaceTable(JsonObject table, IReadOnlyList<string> expressions, Func<JsonObject, string> nameOf)
    {
        var name = table.Text("table_name")!;
        if (expressions.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return;
        }

        var alias = table.Text("alias") is { Length: > 0 } given ? given : name;
        var source = nameOf(table);
        if (!source.StartsWith('('))
        {
            table["table_name"] = source[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal);
            table["alias"] = alias;
            return;
        }

        // Types come back by a SELECT around the stage's rows.
        var select = await draft.Parse($"SELECT * FROM {source} AS {SqlText.Name(alias)}");
        var subquery = (JsonObject)select["from_table"]!.DeepClone();
        subquery["column_name_alias"] = table["column_name_alias"]!.DeepClone();
        table.ReplaceWith(subquery);
    }
}
