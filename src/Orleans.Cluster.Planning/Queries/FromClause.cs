using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// A FROM clause as a tree of tables and joins, with the columns that it offers. Reading it adds nothing to the plan.
/// </summary>
internal sealed record FromClause(FromNode Root, Scope Scope)
{
    /// <summary>Reads a clause; conditions are resolved to internal names.</summary>
    /// <exception cref="NotSpreadableException">It has something that is not understood.</exception>
    public static async Task<FromClause> Read(PlanDraft draft, JsonObject table)
    {
        var leaves = new List<FromTable>();
        await Leaves(draft, table, leaves);
        var named = Named(leaves);
        var number = 0;
        var (root, columns) = Tree(table, () => named[number++]);
        return new FromClause(root, new Scope(columns));
    }

    private static async Task Leaves(PlanDraft draft, JsonObject table, List<FromTable> leaves)
    {
        if (table.Text("type") == "JOIN")
        {
            await Leaves(draft, (JsonObject)table["left"]!, leaves);
            await Leaves(draft, (JsonObject)table["right"]!, leaves);
            return;
        }

        var qualifier = table.Text("alias") is { Length: > 0 } alias ? alias : table.Text("table_name") ?? "";
        if (table.Text("type") == "EMPTY")
        {
            leaves.Add(new FromTable(table, []));
            return;
        }

        var columns = table.Text("type") == "BASE_TABLE" && draft.Datasets.TryGetValue(table.Text("table_name")!, out var dataset)
            ? dataset.Columns
            : await draft.Bind(await draft.Render(SqlNodes.SelectAll(table)));
        var unique = ResultNames.Unique(columns.Select(column => column.Name));
        var given = (table["column_name_alias"] as JsonArray ?? []).Select(name => name!.GetValue<string>()).ToList();
        leaves.Add(new FromTable(
            table, [.. columns.Zip(unique, (column, name) => column with { Name = name })
                .Select((column, index) => new ScopeColumn(
                    qualifier, index < given.Count ? given[index] : column.Name, column.Name, column.Type))]));
    }

    // A name that several tables have gets its table's name before it.
    private static List<FromTable> Named(List<FromTable> leaves)
    {
        var counts = leaves.SelectMany(leaf => leaf.Columns).GroupBy(c => c.Name, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.OrdinalIgnoreCase);
        var taken = new HashSet<string>(
            counts.Where(pair => pair.Value == 1).Select(pair => pair.Key), StringComparer.OrdinalIgnoreCase);
        return
        [
            .. leaves.Select(leaf => leaf with
            {
                Columns = [.. leaf.Columns.Select(column => counts[column.Name] == 1
                    ? column with { Internal = column.Name }
                    : column with { Internal = Free(column) })],
                Sources = [.. leaf.Columns.Select(column => column.Internal)],
            }),
        ];

        string Free(ScopeColumn column)
        {
            var wanted = $"{column.Qualifier}.{column.Name}";
            for (var number = 2; !taken.Add(wanted); number++)
            {
                wanted = $"{column.Qualifier}.{column.Name}.{number}";
            }

            return wanted;
        }
    }

    private static (FromNode Node, IReadOnlyList<ScopeColumn> Columns) Tree(JsonObject table, Func<FromTable> next)
    {
        if (table.Text("type") != "JOIN")
        {
            var leaf = next();
            return (leaf, leaf.Columns);
        }

        var (left, leftColumns) = Tree((JsonObject)table["left"]!, next);
        var (right, rightColumns) = Tree((JsonObject)table["right"]!, next);
        var kind = KindOf(table);
        var shared = SharedNames(table, leftColumns, rightColumns, kind);
        var (leftByName, rightByName) = (ByName(leftColumns), ByName(rightColumns));
        var on = shared.Select(name => SqlNodes.Compare(
            "COMPARE_EQUAL", SqlNodes.Column(Visible(leftByName, name).Internal),
            SqlNodes.Column(Visible(rightByName, name).Internal))).ToList();
        var both = new Scope([.. leftColumns, .. rightColumns]);
        on.AddRange(SqlNodes.Conjuncts(table["condition"]).Select(condition =>
            both.Resolve(
                condition,
                names =>
                throw new NotSpreadableException($"{string.Join('.', names)} in a join, which is not a column of its tables"))));
        if (on.Exists(condition => SqlNodes.Descend(condition).Any(node => node.IsClass("SUBQUERY"))))
        {
            throw new NotSpreadableException("a subquery in the condition of a join");
        }

        var hidden = shared.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var offered = kind is JoinType.Semi or JoinType.Anti
            ? leftColumns
            : [.. leftColumns, .. rightColumns.Select(c => hidden.Contains(c.Name) ? c with { IsHidden = true } : c)];
        return (new FromJoin(kind, left, right, on), offered);
    }

    private static JoinType KindOf(JsonObject join) => (join.Text("ref_type"), join.Text("join_type")) switch
    {
        ("CROSS", _) => JoinType.Inner,
        ("REGULAR" or "NATURAL", "INNER") => JoinType.Inner,
        ("REGULAR" or "NATURAL", "LEFT") => JoinType.Left,
        ("REGULAR", "RIGHT") => JoinType.Right,
        ("REGULAR", "OUTER" or "FULL") => JoinType.Full,
        ("REGULAR", "SEMI") => JoinType.Semi,
        ("REGULAR", "ANTI") => JoinType.Anti,
        var (form, kind) => throw new NotSpreadableException($"a join of kind {form} {kind}"),
    };

    private static IReadOnlyList<string> SharedNames(
        JsonObject join, IReadOnlyList<ScopeColumn> left, IReadOnlyList<ScopeColumn> right, JoinType kind)
    {
        var names = right.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var shared = join.Text("ref_type") == "NATURAL"
            ? [.. left.Where(c => !c.IsHidden && names.Contains(c.Name)).Select(c => c.Name)]
            : (join["using_columns"] as JsonArray ?? []).Select(name => name!.GetValue<string>()).ToList();
        return shared.Count > 0 && kind is JoinType.Right or JoinType.Full
            ? throw new NotSpreadableException("USING in a right or full join")
            : shared;
    }

    private static ILookup<string, ScopeColumn> ByName(IReadOnlyList<ScopeColumn> columns) =>
        columns.Where(column => !column.IsHidden).ToLookup(column => column.Name, StringComparer.OrdinalIgnoreCase);

    private static ScopeColumn Visible(ILookup<string, ScopeColumn> columns, string name) =>
        columns[name].ToList() is [var only]
            ? only
            : throw new NotSpreadableException($"USING ({name}) over several tables that have it");
}

/// <summary>A part of a FROM clause.</summary>
internal abstract record FromNode
{
    /// <summary>Internal names of all columns below.</summary>
    public abstract IEnumerable<string> Names { get; }
}

/// <summary>A table, or a query in its place.</summary>
/// <param name="Node">The engine's node.</param>
/// <param name="Columns">Its columns.</param>
internal sealed record FromTable(JsonObject Node, IReadOnlyList<ScopeColumn> Columns) : FromNode
{
    /// <summary>Names of the columns in the table itself.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <inheritdoc/>
    public override IEnumerable<string> Names => Columns.Select(column => column.Internal);
}

/// <summary>Two parts joined; all conditions must hold.</summary>
internal sealed record FromJoin(JoinType Kind, FromNode Left, FromNode Right, IReadOnlyList<JsonObject> On) : FromNode
{
    /// <inheritdoc/>
    public override IEnumerable<string> Names =>
        Kind is JoinType.Semi or JoinType.Anti ? Left.Names : Left.Names.Concat(Right.Names);
}

/// <summary>Kinds of joins, by which rows of which side stay.</summary>
internal enum JoinType
{
    Inner,
    Left,
    Right,
    Full,
    Semi,
    Anti,
}
