using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>A column that a FROM clause offers.</summary>
/// <param name="Qualifier">Alias or name of its table.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Internal">Its name in every query made of this block: the same, unless two tables have it.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsHidden">Whether a star leaves it out: the right side of <c>USING</c>.</param>
internal sealed record ScopeColumn(string Qualifier, string Name, string Internal, string Type, bool IsHidden = false);

/// <summary>The columns of one FROM clause, in order, and how references find them.</summary>
internal sealed class Scope(IReadOnlyList<ScopeColumn> columns)
{
    // A query may name tens of thousands of columns.
    private readonly Lazy<ILookup<string, ScopeColumn>> byName =
        new(() => columns.ToLookup(column => column.Name, StringComparer.OrdinalIgnoreCase));

    /// <summary>All columns, in the order of the tables.</summary>
    public IReadOnlyList<ScopeColumn> Columns { get; } = columns;

    /// <summary>The column that a reference means, and the struct members behind it; null for none.</summary>
    public (ScopeColumn Column, IReadOnlyList<string> Members)? Find(IReadOnlyList<string> names)
    {
        if (names.Count > 1
            && byName.Value[names[1]].FirstOrDefault(c => Same(c.Qualifier, names[0])) is { } qualified)
        {
            return (qualified, [.. names.Skip(2)]);
        }

        var visible = byName.Value[names[0]].Where(c => !c.IsHidden).ToList();
        return visible switch
        {
            [var only] => (only, [.. names.Skip(1)]),
            [] => null,
            _ => throw new NotSpreadableException($"{names[0]} is in several tables"),
        };
    }

    /// <summary>
    /// The expression with every reference by internal name. References that this scope does not know are given to
    /// <paramref name="other"/>, which answers an expression or throws.
    /// </summary>
    public JsonObject Resolve(JsonObject expression, Func<IReadOnlyList<string>, JsonObject> other)
    {
        var parameters = SqlNodes.LambdaParameters(expression).ToHashSet(StringComparer.OrdinalIgnoreCase);
        RefuseDoubtful(expression, parameters);

        JsonObject? Replace(JsonObject node)
        {
            if (node.IsClass("SUBQUERY"))
            {
                return OutsideOf(node);
            }

            if (!node.IsClass("COLUMN_REF"))
            {
                return null;
            }

            var names = SqlNodes.ColumnNames(node);
            if (parameters.Contains(names[0]))
            {
                return node;
            }

            var resolved = Find(names) is { } found ? SqlNodes.Column([found.Column.Internal, .. found.Members]) : other(names);
            resolved["alias"] = node.Text("alias");
            return resolved;
        }

        // Names inside a subquery are its own matter; what is compared with it belongs to this scope.
        JsonObject OutsideOf(JsonObject subquery)
        {
            var copy = (JsonObject)subquery.DeepClone();
            copy["child"] = SqlNodes.Rewrite(subquery["child"], Replace);
            return copy;
        }

        return (JsonObject)SqlNodes.Rewrite(expression, Replace)!;
    }

    // Outside of its lambda a parameter's name is a column, and so it is before a point: what is meant of a lambda that names its
    // parameter as a column only the engine tells.
    private void RefuseDoubtful(JsonObject expression, HashSet<string> parameters)
    {
        var both = parameters.Where(byName.Value.Contains).ToList();
        if (both.Count == 0)
        {
            return;
        }

        var members = SqlNodes.Descend(expression).Where(node => node.IsClass("COLUMN_REF"))
            .Select(SqlNodes.ColumnNames).Where(names => names.Count > 1).Select(names => names[0]);
        var doubtful = SqlNodes.ReferencesOutsideLambdas(expression).Concat(members);
        if (both.Intersect(doubtful, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } name)
        {
            throw new NotSpreadableException($"a lambda whose parameter {name} has the name of a column");
        }
    }

    /// <summary>Columns that a star means.</summary>
    public IReadOnlyList<ScopeColumn> Star(JsonObject star)
    {
        if (star.Flag("columns") || star["expr"] is JsonObject || star.Items("replace_list").Any()
            || star["qualified_exclude_list"] is JsonArray { Count: > 0 } || star["rename_list"] is JsonArray { Count: > 0 })
        {
            throw new NotSpreadableException("a star with changes");
        }

        var excluded = ((JsonArray?)star["exclude_list"] ?? []).Select(name => name!.GetValue<string>())
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var relation = star.Text("relation_name") ?? "";
        return [.. Columns.Where(c => (relation.Length == 0 ? !c.IsHidden : Same(c.Qualifier, relation))
            && !excluded.Contains(c.Name))];
    }

    /// <summary>Whether two identifiers are the same.</summary>
    public static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// A part of a query cannot be cut into stages. The planner then scans the tables in partitions and leaves that part to one task,
/// so the answer is right all the same, and the plan says why.
/// </summary>
internal sealed class NotSpreadableException(string reason) : Exception(reason);
