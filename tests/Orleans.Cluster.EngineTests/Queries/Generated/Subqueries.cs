namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>Subqueries in expressions, with and without columns of the query around them.</summary>
internal sealed class Subqueries(Chance chance, Func<int, Tables> from)
{
    /// <summary>Expressions of the subqueries themselves; set once, since each needs the other.</summary>
    public Expressions Expressions { get; set; } = null!;

    /// <summary>A subquery that gives one value; null where there is none of that kind.</summary>
    public string? Scalar(Kind kind, Tables outer, int depth)
    {
        var tables = from(0);
        var where = Where(tables, outer, depth);
        return kind switch
        {
            Kind.Int => $"(SELECT {Call(tables)} FROM {tables.Text}{where})",
            Kind.Text or Kind.Double or Kind.Date => $"(SELECT min({Expressions.Of(kind, tables, 0)}) FROM {tables.Text}{where})",
            _ => null,
        };
    }

    private string Call(Tables tables) => chance.Pick(
        "count(*)", $"max({Expressions.Of(Kind.Int, tables, 0)})", $"sum({Expressions.Of(Kind.Int, tables, 0)})::BIGINT");

    /// <summary>A condition with a subquery.</summary>
    public string? Condition(Tables outer, Expressions expressions, int depth)
    {
        var tables = from(0);
        var where = Where(tables, outer, depth);
        var kind = chance.Pick(Kind.Int, Kind.Int, Kind.Text);
        var value = expressions.Of(kind, outer, 0);
        var found = Expressions.Of(kind, tables, 0);
        return chance.Below(5) switch
        {
            0 or 1 => $"{chance.Pick("", "NOT ")}EXISTS (SELECT {chance.Pick("1", "*")} FROM {tables.Text}{where})",
            2 or 3 => $"({value} {chance.Pick("", "NOT ")}IN (SELECT {found} FROM {tables.Text}{where}))",
            _ => $"({value} {chance.Pick("=", "<", ">=", "<>")} {chance.Pick("ANY", "ALL")} (SELECT {found} FROM {tables.Text}"
                + $"{where}))",
        };
    }

    private string Where(Tables tables, Tables outer, int depth)
    {
        var conditions = new List<string>();
        if (outer.Columns.Count > 0 && chance.OneIn(2))
        {
            var kind = chance.Pick(outer.Columns).Kind;
            conditions.Add(
                $"{Expressions.Of(kind, tables, 0)} {chance.Pick("=", "=", "=", "<", "IS NOT DISTINCT FROM")} "
                + $"{Expressions.Of(kind, outer, 0)}");
        }

        if (chance.OneIn(2))
        {
            conditions.Add(Expressions.Condition(tables, Math.Min(depth, 1)));
        }

        return conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";
    }
}
