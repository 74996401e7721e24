namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// Queries, by a seed, whose tables, groups and subqueries are joined by columns that must be equal, under conditions that leave
/// few rows of some of them: rows of the others need not be written.
/// </summary>
internal sealed class KeyedQuery
{
    private static readonly Kind[] Keys = [Kind.Int, Kind.Int, Kind.Double, Kind.Text, Kind.Date, Kind.Bool];

    private readonly Chance chance;
    private readonly IReadOnlyList<(string Name, IReadOnlyList<(string Name, string Type, Kind Kind)> Columns)> all;
    private readonly Expressions expressions;
    private readonly Aggregates aggregates;

    private KeyedQuery(int seed, int block)
    {
        chance = new Chance(seed);
        all = GeneratedTables.Of(block);
        var subqueries = new Subqueries(chance, _ => Table());
        expressions = subqueries.Expressions = new Expressions(chance, subqueries);
        aggregates = new Aggregates(chance, expressions);
    }

    /// <summary>The query of a seed over the tables of a block; it has no order.</summary>
    public static string Of(int seed, int block) => new KeyedQuery(seed, block).Text();

    private string Text()
    {
        var from = Side();
        for (var joins = chance.Below(3); joins > 0; joins--)
        {
            from = Join(from, Side());
        }

        var conditions = chance.Times(chance.Below(3), () => chance.OneIn(3) ? Few(from) : Asking(from));
        var where = conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";
        var shown = chance.Some(from.Columns);
        if (chance.OneIn(3))
        {
            var call = aggregates.Call(from, 0).Text;
            return $"SELECT {shown[0].Text} AS c0, {call} AS c1 FROM {from.Text}{where} GROUP BY {shown[0].Text}";
        }

        var items = shown.Select(column => column.Text).Concat(chance.OneIn(3) ? [Value(from)] : []);
        var list = string.Join(", ", items.Select((item, index) => $"{item} AS c{index}"));
        return $"SELECT {chance.Pick("", "", "DISTINCT ")}{list} FROM {from.Text}{where}";
    }

    private Tables Side() => chance.Below(6) switch
    {
        0 or 1 => Query(isGrouped: true),
        2 => Query(isGrouped: false),
        _ => Table(),
    };

    private Tables Table()
    {
        var alias = chance.Name("a");
        var (name, columns) = chance.Pick(all);
        return new Tables(
            $"{name} {alias}", [.. columns.Select(column => new Column($"{alias}.{column.Name}", column.Name, column.Kind))],
            [alias]);
    }

    private Tables Query(bool isGrouped)
    {
        var inner = chance.OneIn(3) ? Join(Table(), Table()) : Table();
        var (alias, key) = (chance.Name("q"), KeyOf(inner));
        var where = chance.OneIn(3) ? $" WHERE {(chance.OneIn(2) ? Few(inner) : Asking(inner))}" : "";
        var value = isGrouped ? aggregates.Call(inner, 0) : (chance.Pick(inner.Columns).Text, Kind.Other);
        var tail = isGrouped ? $" GROUP BY {key.Text}" : chance.Pick("", "", $" ORDER BY ALL LIMIT {1 + chance.Below(9)}");
        return new Tables(
            $"(SELECT {key.Text} AS k0, {value.Item1} AS v0 FROM {inner.Text}{where}{tail}) {alias}",
            [new Column($"{alias}.k0", "k0", key.Kind), new Column($"{alias}.v0", "v0", Kind.Other)], [alias]);
    }

    private Tables Join(Tables left, Tables right)
    {
        var kind = chance.Pick("", "", "LEFT ", "RIGHT ", "FULL ", "SEMI ", "ANTI ");
        var conditions = new List<string> { Equal(left, right) };
        if (chance.OneIn(4))
        {
            conditions.Add(Equal(left, right));
        }

        if (chance.OneIn(3))
        {
            conditions.Add(Few(chance.Pick(left, right)));
        }

        return new Tables(
            $"{left.Text} {kind}JOIN {right.Text} ON {string.Join(" AND ", conditions)}",
            kind is "SEMI " or "ANTI " ? left.Columns : [.. left.Columns, .. right.Columns],
            kind is "SEMI " or "ANTI " ? left.Names : [.. left.Names, .. right.Names]);
    }

    private string Equal(Tables one, Tables other)
    {
        var key = KeyOf(one);
        var same = other.Columns.Where(column => column.Kind == key.Kind
            || (column.Kind is Kind.Int or Kind.Double && key.Kind is Kind.Int or Kind.Double)).ToList();
        return same.Count == 0
            ? $"CAST({key.Text} AS VARCHAR) = CAST({chance.Pick(other.Columns).Text} AS VARCHAR)"
            : $"{key.Text} {chance.Pick("=", "=", "=", "=", "=", "IS NOT DISTINCT FROM")} {chance.Pick(same).Text}";
    }

    private Column KeyOf(Tables tables)
    {
        var wanted = chance.Pick(Keys);
        var found = tables.Columns.Where(column => column.Kind == wanted).ToList();
        var keys = tables.Columns.Where(column => Keys.Contains(column.Kind)).ToList();
        return chance.Pick(found.Count > 0 ? found : keys.Count > 0 ? keys : tables.Columns);
    }

    // A condition that few rows meet.
    private string Few(Tables tables)
    {
        var key = KeyOf(tables);
        return key.Kind is Kind.Int or Kind.Text or Kind.Double or Kind.Bool or Kind.Date
            ? $"{key.Text} {chance.Pick("=", "=", "<", ">=")} {expressions.Literal(key.Kind)}"
            : $"{key.Text} IS NOT NULL";
    }

    // A condition with a subquery that is asked by key.
    private string Asking(Tables outer)
    {
        var inner = chance.OneIn(3) ? Join(Table(), Table()) : Table();
        var where = $" WHERE {Equal(outer, inner)}{(chance.OneIn(3) ? $" AND {Few(inner)}" : "")}";
        var key = KeyOf(outer);
        var same = inner.Columns.Where(column => column.Kind == key.Kind).ToList();
        return chance.Below(5) switch
        {
            0 or 1 => $"{chance.Pick("", "NOT ")}EXISTS (SELECT 1 FROM {inner.Text}{where})",
            2 when same.Count > 0 =>
                $"{key.Text} {chance.Pick("", "NOT ")}IN (SELECT {chance.Pick(same).Text} FROM {inner.Text}{where})",
            3 when same.Count > 0 => $"{key.Text} {chance.Pick("", "", "NOT ")}IN (SELECT {chance.Pick(same).Text} FROM "
                + $"{inner.Text}{(chance.OneIn(2) ? $" WHERE {Few(inner)}" : "")})",
            _ => $"{Value(outer)} {chance.Pick("=", "<", ">=")} {expressions.Literal(Kind.Int)}",
        };
    }

    private string Value(Tables outer)
    {
        var inner = chance.OneIn(3) ? Join(Table(), Table()) : Table();
        var ints = inner.Columns.Where(column => column.Kind == Kind.Int).ToList();
        var call = ints.Count == 0 ? "count(*)" : chance.Pick(
            "count(*)", $"max({chance.Pick(ints).Text})", $"sum({chance.Pick(ints).Text})",
            $"count(DISTINCT {chance.Pick(ints).Text})", $"median({chance.Pick(ints).Text})");
        return $"(SELECT {call} FROM {inner.Text} WHERE {Equal(outer, inner)}{(chance.OneIn(3) ? $" AND {Few(inner)}" : "")})";
    }
}
