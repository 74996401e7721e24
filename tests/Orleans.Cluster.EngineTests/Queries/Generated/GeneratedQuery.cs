namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// Whole queries, by a seed: blocks of every form, set operations, common tables. The same seed gives the same text.
/// </summary>
internal sealed class GeneratedQuery
{
    private const string StarAndOne = ".*, 1 AS one";

    private readonly Chance chance;
    private readonly Joins joins;
    private readonly Expressions expressions;
    private readonly Aggregates aggregates;

    private GeneratedQuery(int seed, int block)
    {
        chance = new Chance(seed);
        joins = new Joins(chance, GeneratedTables.Of(block), depth => Any(depth));
        var subqueries = new Subqueries(chance, joins.From);
        expressions = new Expressions(chance, subqueries);
        joins.Expressions = subqueries.Expressions = expressions;
        aggregates = new Aggregates(chance, expressions);
    }

    /// <summary>The query of a seed over the tables of a block, and whether its order is one of all columns.</summary>
    public static (string Text, bool IsOrdered) Of(int seed, int block)
    {
        var queries = new GeneratedQuery(seed, block);
        var with = queries.With();
        var query = queries.Any(2);
        return queries.chance.Below(4) switch
        {
            0 => ($"{with}{queries.Ordered(query)}", true),
            1 => ($"{with}{queries.Ordered(query)} LIMIT {1 + queries.chance.Below(9)}{queries.chance.Pick("", " OFFSET 2")}",
                true),
            _ => ($"{with}{query.Text}", false),
        };
    }

    private string With()
    {
        if (!chance.OneIn(4))
        {
            return "";
        }

        var name = chance.Name("w");
        if (chance.OneIn(5))
        {
            joins.Add(name, new Query("", [("n", Kind.Int)]));
            return $"WITH RECURSIVE {name}(n) AS (SELECT {expressions.Literal(Kind.Int)} UNION {chance.Pick("", "ALL ")}SELECT n "
                + $"+ 1 FROM {name} WHERE n < 6) ";
        }

        var query = Any(1);
        var names = query.Columns.Select((_, index) => $"x{index}").ToList();
        joins.Add(name, new Query("", [.. names.Zip(query.Columns, (column, of) => (column, of.Kind))]));
        return $"WITH {name}({string.Join(", ", names)}) AS {chance.Pick("", "", "MATERIALIZED ", "NOT MATERIALIZED ")}("
            + $"{query.Text}) ";
    }

    private Query Any(int depth) => depth > 0 && chance.OneIn(5) ? Set(depth) : Block(depth, null);

    private string Ordered(Query query)
    {
        // A set operation is ordered by all of its columns, a block by their numbers; one with a star has more than are known.
        var keys = query.Columns.Select((_, index) =>
            $"{index + 1}{chance.Pick("", " DESC", " NULLS FIRST", " DESC NULLS LAST")}");
        var byAll = chance.OneIn(4) || query.Text.Contains(StarAndOne, StringComparison.Ordinal);
        return $"{query.Text} ORDER BY {(byAll ? "ALL" : string.Join(", ", keys))}";
    }

    private Query Set(int depth)
    {
        var left = Block(depth - 1, null);
        var right = Block(depth - 1, [.. left.Columns.Select(column => column.Kind)]);
        var words = chance.Pick("UNION", "UNION ALL", "UNION ALL", "EXCEPT", "EXCEPT ALL", "INTERSECT", "INTERSECT ALL");
        return new Query($"{Parenthesized(left)} {words} {Parenthesized(right)}", left.Columns);
    }

    private string Parenthesized(Query query) => chance.OneIn(2) ? $"({query.Text})" : query.Text;

    private Query Block(int depth, IReadOnlyList<Kind>? kinds)
    {
        var from = joins.From(depth);
        var where = chance.OneIn(2) ? $" WHERE {expressions.Condition(from, depth)}" : "";
        return chance.Below(kinds is null ? 12 : 3) switch
        {
            < 3 => Plain(from, where, depth, kinds ?? [.. chance.Times(1 + chance.Below(3), expressions.AnyKind)]),
            < 5 => Star(from, where),
            < 8 => Grouped(from, where, depth),
            8 => Aggregated(from, where, depth),
            9 or 10 => Windowed(from, where, depth),
            _ => First(from, where),
        };
    }

    private Query Plain(Tables from, string where, int depth, IReadOnlyList<Kind> kinds)
    {
        var items = kinds.Select((kind, index) => $"{expressions.Of(kind, from, depth)} AS c{index}").ToList();
        return new Query(
            $"SELECT {chance.Pick("", "", "", "DISTINCT ")}{string.Join(", ", items)} FROM {from.Text}{where}", Named(kinds));
    }

    private Query Star(Tables from, string where)
    {
        var all = from.Columns;
        var plain = new Query(
            $"SELECT {chance.Pick("", "", "DISTINCT ")}* FROM {from.Text}{where}",
            [.. all.Select(column => (column.Name, column.Kind))]);
        var unique = all.Where(column => all.Count(other => other.Name == column.Name) == 1).ToList();
        if (unique.Count == 0 || all.Count < 2)
        {
            return plain;
        }

        var one = chance.Pick(unique);
        var rest = all.Where(column => column != one).Select(column => (column.Name, column.Kind));
        return chance.Below(7) switch
        {
            0 or 1 => new Query($"SELECT * EXCLUDE ({one.Name}) FROM {from.Text}{where}", [.. rest]),
            2 => new Query(
                $"SELECT * REPLACE ({expressions.Of(one.Kind, from, 1)} AS {one.Name}) FROM {from.Text}{where}", plain.Columns),
            3 => new Query($"SELECT COLUMNS(c -> c <> '{one.Name}') FROM {from.Text}{where}", [.. rest]),
            4 => new Query(
                $"SELECT struct_pack(*COLUMNS({from.Names[0]}.*)) AS c0, {one.Text} AS c1 FROM {from.Text}{where}",
                [("c0", Kind.Other), ("c1", one.Kind)]),
            5 => new Query(
                $"SELECT {from.Names[0]}{StarAndOne} FROM {from.Text}{where}",
                [.. all.Where(c => c.Text.StartsWith(from.Names[0] + ".", StringComparison.Ordinal))
                    .Select(c => (c.Name, c.Kind)), ("one", Kind.Int)]),
            _ => plain,
        };
    }

    private Query Grouped(Tables from, string where, int depth)
    {
        var keys = chance.Times(1 + chance.Below(2), () => expressions.AnyKind())
            .Select(kind => (Text: expressions.Of(kind, from, Math.Min(depth, 1)), Kind: kind)).ToList();
        var calls = chance.Times(chance.Below(3), () => aggregates.Call(from, Math.Min(depth, 1)));
        var items = keys.Concat(calls).Select((item, index) => $"{item.Text} AS c{index}");
        var text = string.Join(", ", keys.Select(key => key.Text));
        var numbers = string.Join(", ", keys.Select((_, index) => index + 1));
        var by = chance.Below(8) switch
        {
            0 => $"ROLLUP ({text})",
            1 => $"CUBE ({text})",
            2 => $"GROUPING SETS (({text}), ())",
            3 => "ALL",
            4 or 5 => numbers,
            _ => text,
        };
        var having = chance.OneIn(4) ? $" HAVING {aggregates.Call(from, 0).Text} IS NOT NULL" : "";
        return new Query(
            $"SELECT {string.Join(", ", items)} FROM {from.Text}{where} GROUP BY {by}{having}",
            Named([.. keys.Select(k => k.Kind), .. calls.Select(c => c.Kind)]));
    }

    private Query Aggregated(Tables from, string where, int depth)
    {
        var calls = chance.Times(1 + chance.Below(3), () => aggregates.Call(from, Math.Min(depth, 1)));
        return new Query(
            $"SELECT {string.Join(", ", calls.Select((call, index) => $"{call.Text} AS c{index}"))} FROM {from.Text}{where}",
            Named([.. calls.Select(c => c.Kind)]));
    }

    private Query Windowed(Tables from, string where, int depth)
    {
        string? order = null;
        var windows = chance.Times(1 + chance.Below(2), () => aggregates.Window(from, Math.Min(depth, 1), ref order));
        var kind = expressions.AnyKind();
        var items = windows.Append((Text: expressions.Of(kind, from, 1), Kind: kind)).ToList();
        var qualify = chance.OneIn(3) ? $" QUALIFY {aggregates.Window(from, 0, ref order).Text} > 1" : "";
        return new Query(
            $"SELECT {string.Join(", ", items.Select((item, index) => $"{item.Text} AS c{index}"))} FROM {from.Text}{where}"
            + $"{qualify}", Named([.. items.Select(i => i.Kind)]));
    }

    // The first row of each key, by an order of all columns.
    private Query First(Tables from, string where)
    {
        var key = chance.Pick(from.Columns);
        var all = string.Join(", ", from.Columns.Select(column => column.Text));
        var columns = chance.Some(from.Columns);
        return new Query(
            $"SELECT * FROM (SELECT DISTINCT ON ({key.Text}) "
            + $"{string.Join(", ", columns.Select((column, index) => $"{column.Text} AS c{index}"))} FROM {from.Text}{where} "
            + $"ORDER BY {all})",
            Named([.. columns.Select(column => column.Kind)]));
    }

    private static IReadOnlyList<(string Name, Kind Kind)> Named(IReadOnlyList<Kind> kinds) =>
        [.. kinds.Select((kind, index) => ($"c{index}", kind))];
}
