namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>Aggregates and windows whose value does not depend on the order in which rows happen to come.</summary>
internal sealed class Aggregates(Chance chance, Expressions expressions)
{
    /// <summary>A call of an aggregate.</summary>
    public (string Text, Kind Kind) Call(Tables from, int depth)
    {
        string Of(Kind kind) => expressions.Of(kind, from, depth);
        var filter = chance.OneIn(5) ? $" FILTER (WHERE {expressions.Condition(from, depth)})" : "";
        var distinct = chance.OneIn(5) ? "DISTINCT " : "";
        var any = expressions.AnyKind();
        switch (chance.Below(14))
        {
            case 0:
                return ($"count(*){filter}", Kind.Int);
            case 1:
                return ($"count({distinct}{Of(any)}){filter}", Kind.Int);
            case 2:
                return ($"sum({distinct}{Of(Kind.Int)}){filter}::BIGINT", Kind.Int);
            case 3:
                return ($"{chance.Pick("min", "max")}({Of(any)}){filter}", any);
            case 4:
                return ($"{chance.Pick("avg", "stddev_samp", "var_pop")}({Of(chance.Pick(Kind.Int, Kind.Double))}){filter}",
                    Kind.Other);
            case 5:
                return ($"{chance.Pick("bool_and", "bool_or")}({Of(Kind.Bool)}){filter}", Kind.Bool);
            case 6:
                return ($"list_sort(list({distinct}{Of(Kind.Int)}){filter})::BIGINT[]", Kind.List);
            case 7:
                var text = Of(Kind.Text);
                return ($"string_agg({text}, ',' ORDER BY {text}){filter}", Kind.Text);
            case 8:
                return ($"{chance.Pick("median", "mad")}({Of(Kind.Int)}){filter}", Kind.Double);
            case 9 when from.Names.Count > 0:
                return ($"count(DISTINCT {chance.Pick(from.Names)}){filter}", Kind.Int);
            case 10 when from.Names.Count > 0:
                return ($"{chance.Pick("max", "min")}({chance.Pick(from.Names)}){filter}", Kind.Other);
            case 11:
                return ($"histogram({Of(Kind.Text)}){filter}", Kind.Other);
            case 12:
                return ($"sum({Of(Kind.Double)}){filter}", Kind.Double);
            default:
                var value = Of(Kind.Int);
                return ($"list({value} ORDER BY {value} DESC NULLS LAST){filter}::BIGINT[]", Kind.List);
        }
    }

    /// <summary>
    /// A window over the rows of a FROM clause; where the order counts, it is one of all columns. Of rows that are alike in all
    /// of them two such orders would say first what they like, so that a query has one.
    /// </summary>
    /// <param name="order">That of the query's windows before; becomes this one's where it counts.</param>
    public (string Text, Kind Kind) Window(Tables from, int depth, ref string? order)
    {
        var partition = chance.OneIn(3) ? "" : $"PARTITION BY {expressions.Of(chance.Pick(Kind.Int, Kind.Text), from, depth)}";
        var keys = from.Columns.Select(column => column.Text + chance.Pick("", " DESC", " NULLS FIRST"));
        var all = $"ORDER BY {string.Join(", ", keys)}";
        var key = expressions.Of(Kind.Int, from, depth);
        var value = expressions.Of(Kind.Int, from, depth);
        var which = chance.Below(8);
        var function = which == 4 ? chance.Pick("lag", "lead", "first_value", "last_value") : "";
        var one = order ?? $"{partition} {all}";
        order = which is 0 or 4 or 5 ? one : order;
        return which switch
        {
            0 => ($"row_number() OVER ({one})", Kind.Int),
            1 => ($"{chance.Pick("rank", "dense_rank")}() OVER ({partition} ORDER BY {key})", Kind.Int),
            2 => ($"sum({value}) OVER ({partition})::BIGINT", Kind.Int),
            3 => ($"count(*) OVER ({partition} ORDER BY {key})", Kind.Int),
            4 => ($"{function}({value}) OVER ({one})", Kind.Int),
            5 => ($"sum({value}) OVER ({one} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)::BIGINT", Kind.Int),
            6 => ($"max({value}) OVER ({partition} ORDER BY {key} RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING)", Kind.Int),
            _ => ($"percent_rank() OVER ({partition} ORDER BY {key})", Kind.Double),
        };
    }
}
