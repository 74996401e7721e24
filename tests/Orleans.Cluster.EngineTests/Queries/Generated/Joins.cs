namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>FROM clauses: tables, queries and functions in their place, and joins of every form, nested and mixed.</summary>
internal sealed class Joins(
    Chance chance, IReadOnlyList<(string Name, IReadOnlyList<(string Name, string Type, Kind Kind)> Columns)> all,
    Func<int, Query> query)
{
    private readonly List<Query> expressions = [];

    /// <summary>Conditions of joins; set once, since each needs the other.</summary>
    public Expressions Expressions { get; set; } = null!;

    /// <summary>Makes a query a table of that name for the rest of the text.</summary>
    public void Add(string name, Query expression) => expressions.Add(expression with { Text = name });

    /// <summary>A FROM clause of one table or of several joined.</summary>
    public Tables From(int depth)
    {
        var tables = Leaf(depth);
        for (var joins = depth <= 0 ? (chance.OneIn(5) ? 1 : 0) : chance.Below(3); joins > 0; joins--)
        {
            var right = depth > 1 && chance.OneIn(4) ? Nested(depth - 1) : Leaf(depth - 1);
            tables = Join(tables, right, depth);
        }

        return chance.Below(8) switch
        {
            0 when depth > 0 => Together(", ", tables, Leaf(depth - 1)),
            1 when depth > 0 => Together($"{chance.Pick(", ", " CROSS JOIN ")}", tables, Unnested(tables)),
            2 when depth > 1 => Together(", ", tables, Lateral(tables)),
            _ => tables,
        };
    }

    private static Tables Together(string words, Tables left, Tables right) =>
        new($"{left.Text}{words}{right.Text}", [.. left.Columns, .. right.Columns], [.. left.Names, .. right.Names]);

    private Tables Unnested(Tables left)
    {
        var alias = chance.Name("u");
        return Named($"unnest({Expressions.Of(Kind.List, left, 0)}) {alias}(x)", alias, [("x", Kind.Int)]);
    }

    private Tables Lateral(Tables left)
    {
        var alias = chance.Name("q");
        var inner = Leaf(0);
        return Named(
            $"LATERAL (SELECT {Expressions.Of(Kind.Int, inner, 0)} AS p, {Expressions.Of(Kind.Int, left, 0)} AS o FROM "
            + $"{inner.Text} "
            + $"WHERE {Expressions.Of(Kind.Int, inner, 0)} = {Expressions.Of(Kind.Int, left, 0)}) {alias}", alias,
            [("p", Kind.Int), ("o", Kind.Int)]);
    }

    private Tables Nested(int depth)
    {
        var inner = Join(Leaf(depth), Leaf(depth), depth);
        return inner with { Text = $"({inner.Text})" };
    }

    private Tables Leaf(int depth)
    {
        var alias = chance.Name("a");
        switch (chance.Below(12))
        {
            case 0 or 1 when depth > 0:
                var derived = query(depth - 1);
                var names = derived.Columns.Select((_, index) => $"c{index}").ToList();
                return Named(
                    $"({derived.Text}) {alias}({string.Join(", ", names)})", alias,
                    names.Zip(derived.Columns, (name, column) => (name, column.Kind)));
            case 2:
                return Named(
                    $"(VALUES (1, 'a'), (2, NULL), (NULL, 'b')) {alias}(k, g)", alias, [("k", Kind.Int), ("g", Kind.Text)]);
            case 3 when expressions.Count > 0:
            case 4 when expressions.Count > 0:
                var known = chance.Pick(expressions);
                return Named($"{known.Text} {alias}", alias, known.Columns);
            case 5 when chance.OneIn(2):
                return Named(
                    chance.Pick($"range({chance.Below(5)}) {alias}(k)", $"generate_series(-1, 2) {alias}(k)",
                        $"unnest([1, 2, NULL, 2]) {alias}(k)"), alias, [("k", Kind.Int)]);
            default:
                var (name, columns) = chance.Pick(all);
                return Named(
                    $"{name} {(chance.OneIn(2) ? "AS " : "")}{alias}", alias,
                    columns.Select(column => (column.Name, column.Kind)));
        }
    }

    private static Tables Named(string text, string alias, IEnumerable<(string Name, Kind Kind)> columns) =>
        new(text, [.. columns.Select(column => new Column($"{alias}.{column.Name}", column.Name, column.Kind))], [alias]);

    private Tables Join(Tables left, Tables right, int depth)
    {
        var kind = chance.Pick("", "INNER ", "LEFT ", "RIGHT ", "FULL ", "SEMI ", "ANTI ");
        IReadOnlyList<string> names = kind is "SEMI " or "ANTI " ? left.Names : [.. left.Names, .. right.Names];
        var shared = left.Columns.Select(column => column.Name).Intersect(right.Columns.Select(column => column.Name)).ToList();
        switch (chance.Below(8))
        {
            case 0 or 1:
                return Together(" CROSS JOIN ", left, right);
            case 2 when shared.Count > 0:
                return new Tables($"{left.Text} NATURAL {kind}JOIN {right.Text}", Merged(left, right, shared, kind), names);
            case 3 when shared.Count > 0:
                var used = chance.Some(shared);
                return new Tables(
                    $"{left.Text} {kind}JOIN {right.Text} USING ({string.Join(", ", used)})", Merged(left, right, used, kind),
                    names);
            default:
                var both = new Tables("", [.. left.Columns, .. right.Columns], [.. left.Names, .. right.Names]);
                return new Tables(
                    $"{left.Text} {kind}JOIN {right.Text} ON {On(left, right, both, depth)}", kind is "SEMI " or "ANTI "
                    ? left.Columns : both.Columns, names);
        }
    }

    private string On(Tables left, Tables right, Tables both, int depth)
    {
        var conditions = new List<string>();
        var kinds = left.Columns.Select(column => column.Kind).Intersect(right.Columns.Select(column => column.Kind)).ToList();
        if (kinds.Count > 0 && !chance.OneIn(6))
        {
            var kind = chance.Pick(kinds);
            var (one, other) = (Column(left, kind), Column(right, kind));
            conditions.Add($"{one} {chance.Pick("=", "=", "=", "=", "<", "IS NOT DISTINCT FROM")} {other}");
        }

        if (conditions.Count == 0 || chance.OneIn(3))
        {
            conditions.Add(Expressions.Condition(both, Math.Min(depth, 1)));
        }

        return string.Join(" AND ", conditions);
    }

    private string Column(Tables tables, Kind kind) => chance.Pick([.. tables.Columns.Where(column => column.Kind == kind)]).Text;

    // A shared column is named without its table: which side it is of depends on the kind of join.
    private static IReadOnlyList<Column> Merged(Tables left, Tables right, IReadOnlyList<string> shared, string kind)
    {
        var first = left.Columns.Select(column => shared.Contains(column.Name) ? column with { Text = column.Name } : column);
        return kind is "SEMI " or "ANTI "
            ? [.. first]
            : [.. first, .. right.Columns.Where(column => !shared.Contains(column.Name))];
    }
}
