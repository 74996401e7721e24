namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// A query of chance over the tables <c>t</c> and <c>u</c>, with and without what threads would show in: floating-point numbers,
/// intervals, aggregates of an order, limits, names that mean two things.
/// </summary>
internal sealed class ThreadableQuery
{
    private readonly Random random;

    public ThreadableQuery(Random random)
    {
        this.random = random;
        Text = Select(depth: 0);
    }

    /// <summary>The query.</summary>
    public string Text { get; }

    private string Select(int depth)
    {
        var (from, prefix) = From(depth);
        var isGrouped = Is(2, 3);
        var keys = isGrouped && Is(4, 5) ? Many(1, 2, () => Key(prefix)) : [];
        var items = keys.Where(_ => Is(5, 6)).Select(key => Named(key)).ToList();
        items.AddRange(isGrouped ? Many(1, 3, () => Named(Aggregate(prefix))) : Many(1, 4, () => Named(Value(prefix))));
        var where = Is(1, 3) ? $" WHERE {Condition(prefix, depth)}" : "";
        var groups = keys.Count == 0 ? "" : Is(1, 6) ? " GROUP BY ALL" : $" GROUP BY {string.Join(", ", keys)}";
        var having = isGrouped && Is(1, 6) ? $" HAVING {Aggregate(prefix)} IS NOT NULL" : "";
        var sorted = Many(1, 2, () =>
            (Is(1, 5) ? Key(prefix) : $"{random.Next(1, items.Count + 1)}") + Pick("", " DESC", " NULLS FIRST"));
        var order = Is(depth == 0 ? 2 : 0, 3) ? $" ORDER BY {string.Join(", ", sorted)}" : "";
        var limit = Is(depth == 0 ? 2 : 1, 10) ? $" LIMIT {random.Next(1, 200)}" : "";
        return $"SELECT {(Is(1, 8) ? "DISTINCT " : "")}{string.Join(", ", items)} FROM {from}{where}{groups}{having}{order}"
            + limit;
    }

    private (string From, string Prefix) From(int depth) => random.Next(depth == 0 ? 6 : 3) switch
    {
        0 or 1 => (Pick("t", "u"), ""),
        2 => ($"t AS a {Pick("JOIN", "LEFT JOIN", "SEMI JOIN", "ANTI JOIN")} u AS c "
            + $"ON a.{Pick("b", "b", "ts")} = c.{Pick("b", "ts")}", "a."),
        3 => ($"(SELECT {Pick("k", "t.k", "st.k", "st.*")}, b, m, g, d, f, {Pick("x", "b / 3 AS x", "k AS x")}, ts, h, i FROM t) "
            + $"AS {Pick("s", "k", "g")}", ""),
        4 => ($"(SELECT {Pick("k", "b % 50 AS k")}, {Pick("sum(b)", "count(*)", "avg(b)", "max(x)")} AS b, max(m) AS m, "
            + $"{Pick("min(g)", "first(g)")} AS g, max(d) AS d, bool_or(f) AS f, {Pick("min(k)", "sum(x)")} AS x, "
            + $"max(ts) AS ts, max(h) AS h, {Pick("max(i)", "min(ts)")} AS i FROM t GROUP BY 1) AS s", ""),
        _ => ($"({Select(depth + 1)}) AS s(k, b)", ""),
    };

    private string Named(string expression) =>
        Is(1, 2) ? $"{expression} AS {Pick("n1", "n2", "k", "b", "m", "g", "x")}" : expression;

    private string Key(string prefix) => prefix + random.Next(12) switch
    {
        0 or 1 or 2 => "k",
        3 or 4 or 5 => "g",
        6 => "d",
        7 => "f",
        8 => "h",
        9 => "ts",
        10 => Pick("x", "i"),
        _ => "m",
    };

    private string Number(string prefix) => random.Next(11) switch
    {
        0 or 1 => $"{prefix}b",
        2 or 3 => $"{prefix}m",
        4 => $"{prefix}k * {prefix}m",
        5 => $"{prefix}k + 1",
        6 => $"CASE WHEN {prefix}f THEN {prefix}b ELSE {Pick("0", "0.5", "1e0", "NULL")} END",
        7 => $"length({prefix}g)",
        8 => $"coalesce({prefix}k, {Pick("0", "0.25::DOUBLE")})",
        9 => Pick($"{prefix}x", $"{prefix}b / 7", $"{prefix}h"),
        _ => $"CAST({prefix}x AS INTEGER)",
    };

    private string Value(string prefix) => random.Next(6) switch
    {
        0 or 1 => Key(prefix),
        2 => $"upper({prefix}g)",
        3 => $"{prefix}g || {prefix}k",
        4 => $"year({prefix}d)",
        _ => Number(prefix),
    };

    private string Aggregate(string prefix) => random.Next(11) switch
    {
        0 or 1 or 2 => $"sum({Number(prefix)})",
        3 => $"avg({Number(prefix)})",
        4 or 5 => $"{Pick("min", "max")}({Value(prefix)})",
        6 => $"count(DISTINCT {Value(prefix)})",
        7 => "count(*)",
        8 => $"sum({Number(prefix)}) FILTER ({prefix}f)",
        9 => $"sum({Number(prefix)}) / count(*)",
        _ => Pick(
            $"first({prefix}b)", $"bool_or({prefix}f)", $"any_value({prefix}g)", $"stddev({prefix}b)",
            $"sum(DISTINCT {prefix}k)"),
    };

    private string Condition(string prefix, int depth) => random.Next(5) switch
    {
        0 => $"{prefix}x > 1.5",
        1 => $"{prefix}k < {random.Next(500)}",
        2 => $"{prefix}g LIKE '%{random.Next(10)}'",
        3 when depth == 0 && Is(1, 2) =>
            $"{prefix}b IN (SELECT {Pick("max(b)", "b", "k")} FROM u WHERE u.g = {(prefix.Length > 0 ? prefix : "t.")}g)",
        3 => $"{prefix}b IN (SELECT {Pick("max(b)", "b", "k")} FROM u)",
        _ => $"{prefix}m BETWEEN 100 AND 700",
    };

    private bool Is(int chances, int of) => random.Next(of) < chances;

    private string Pick(params string[] choices) => choices[random.Next(choices.Length)];

    private List<string> Many(int least, int most, Func<string> make) =>
        [.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => make())];
}
