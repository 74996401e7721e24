namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// Expressions over the columns of a FROM clause. Each is a function of its row, and none fails for some values only.
/// </summary>
/// <param name="chance">Where choices come from.</param>
/// <param name="subqueries">Makes subqueries; their depth ends there.</param>
internal sealed class Expressions(Chance chance, Subqueries subqueries)
{
    private static readonly Kind[] Simple = [Kind.Int, Kind.Int, Kind.Double, Kind.Text, Kind.Bool, Kind.Date];
    private static readonly Kind[] Any = [.. Simple, Kind.List, Kind.Struct, Kind.Map, Kind.Other];

    /// <summary>A kind, the plain ones more often.</summary>
    public Kind AnyKind() => chance.OneIn(3) ? chance.Pick(Any) : chance.Pick(Simple);

    /// <summary>An expression of that kind.</summary>
    public string Of(Kind kind, Tables from, int depth)
    {
        var columns = from.Columns.Where(column => column.Kind == kind).ToList();
        if (columns.Count > 0 && (depth <= 0 || chance.OneIn(2)))
        {
            return chance.Pick(columns).Text;
        }

        if (depth > 1 && chance.OneIn(12) && subqueries.Scalar(kind, from, depth - 1) is { } scalar)
        {
            return scalar;
        }

        return kind switch
        {
            Kind.Int => depth <= 0 ? Literal(kind) : Int(from, depth - 1),
            Kind.Double => depth <= 0 ? Literal(kind) : Double(from, depth - 1),
            Kind.Text => depth <= 0 ? Literal(kind) : Text(from, depth - 1),
            Kind.Bool => depth <= 0 ? Literal(kind) : Bool(from, depth - 1),
            Kind.Date => depth <= 0 || chance.OneIn(2)
                ? Literal(kind)
                : $"CAST({Of(Kind.Date, from, depth - 1)} + INTERVAL 1 DAY AS DATE)",
            Kind.List => depth <= 0 ? "[1, 2]" : List(from, depth - 1),
            Kind.Struct => depth <= 0
                ? "{'a': 1, 'b': 'p'}"
                : $"struct_pack(a := CAST({Of(Kind.Int, from, depth - 1)} AS INTEGER), b := {Of(Kind.Text, from, depth - 1)})",
            Kind.Map => depth <= 0 ? "MAP {'x': 1}" : $"MAP {{'x': CAST({Of(Kind.Int, from, depth - 1)} AS INTEGER)}}",
            _ => Other(from, depth - 1),
        };
    }

    /// <summary>A condition, often over several tables.</summary>
    public string Condition(Tables from, int depth) => Of(Kind.Bool, from, Math.Max(1, depth));

    public string Literal(Kind kind) => kind switch
    {
        Kind.Int => $"{chance.Below(8) - 2}",
        Kind.Double => chance.Pick("0.5::DOUBLE", "1.25::DOUBLE", "'NaN'::DOUBLE"),
        Kind.Text => chance.Pick("'a'", "'b'", "''", "'zz'"),
        Kind.Bool => chance.Pick("true", "false", "NULL::BOOLEAN"),
        Kind.Date => chance.Pick("DATE '2024-01-11'", "DATE '2024-02-10'"),
        _ => "NULL",
    };

    private string Int(Tables from, int depth)
    {
        string Next(Kind kind = Kind.Int) => Of(kind, from, depth);
        return chance.Below(13) switch
        {
            0 or 1 => $"({Next()} {chance.Pick("+", "-")} {Next()})",
            2 => $"coalesce({Next()}, {Literal(Kind.Int)})",
            3 => $"CASE WHEN {Next(Kind.Bool)} THEN {Next()} ELSE {Next()} END",
            4 => $"length({Next(Kind.Text)})",
            5 => $"len({Next(Kind.List)})",
            6 => $"({Next(Kind.List)})[1]",
            7 => $"({Next(Kind.Struct)}).a",
            8 => $"({Next(Kind.Map)})['x']",
            9 => $"month({Next(Kind.Date)})",
            10 => $"nullif({Next()}, {Literal(Kind.Int)})",
            11 => $"list_sum({Next(Kind.List)})::BIGINT",
            _ => $"({Next()} % 3)",
        };
    }

    private string Double(Tables from, int depth) => chance.Below(4) switch
    {
        0 => $"({Of(Kind.Int, from, depth)} * 0.5::DOUBLE)",
        1 => $"abs({Of(Kind.Double, from, depth)})",
        2 => $"coalesce({Of(Kind.Double, from, depth)}, 0.25::DOUBLE)",
        _ => $"CAST({Of(Kind.Int, from, depth)} AS DOUBLE)",
    };

    private string Text(Tables from, int depth) => chance.Below(7) switch
    {
        0 => $"({Of(Kind.Text, from, depth)} || {Of(Kind.Text, from, depth)})",
        1 => $"upper({Of(Kind.Text, from, depth)})",
        2 => $"CAST({Of(Kind.Int, from, depth)} AS VARCHAR)",
        3 => $"({Of(Kind.Struct, from, depth)}).b",
        4 => $"CAST({Of(chance.Pick(Kind.List, Kind.Struct, Kind.Map, Kind.Other), from, depth)} AS VARCHAR)",
        5 => $"concat_ws('-', {Of(Kind.Text, from, depth)}, {Of(Kind.Date, from, depth)})",
        _ => $"CASE {Of(Kind.Int, from, depth)} WHEN 1 THEN {Of(Kind.Text, from, depth)} WHEN 2 THEN 'two' END",
    };

    private string Bool(Tables from, int depth)
    {
        string Next(Kind kind = Kind.Bool) => Of(kind, from, depth);
        if (depth > 0 && chance.OneIn(5) && subqueries.Condition(from, this, depth) is { } condition)
        {
            return condition;
        }

        var kind = AnyKind();
        switch (chance.Below(10))
        {
            case 0:
                return $"({Next()} {chance.Pick("AND", "OR")} {Next()})";
            case 1:
                return $"(NOT {Next()})";
            case 2:
                return $"({Next(kind)} IS {chance.Pick("", "NOT ")}NULL)";
            case 3:
                return $"({Next(Kind.Int)} BETWEEN {Next(Kind.Int)} AND {Next(Kind.Int)})";
            case 4:
                return $"({Next(Kind.Text)} LIKE {chance.Pick("'a%'", "'%b%'", "'_'")})";
            case 5:
                return $"({Next(Kind.Int)} {chance.Pick("", "NOT ")}IN ({Literal(Kind.Int)}, {Literal(Kind.Int)}, "
                    + $"{Next(Kind.Int)}))";
            case 6:
                return $"list_contains({Next(Kind.List)}, {Next(Kind.Int)})";
            case 7 when from.Names.Count > 0:
                var row = chance.Pick(from.Names);
                return chance.OneIn(2) ? $"({row} IS NOT DISTINCT FROM {chance.Pick(from.Names)})" : $"({row} = {row})";
            default:
                var simple = chance.Pick(Simple);
                return $"({Next(simple)} {chance.Pick("=", "=", "<", ">=", "<>", "IS DISTINCT FROM")} {Next(simple)})";
        }
    }

    private string List(Tables from, int depth) => chance.Below(6) switch
    {
        0 => $"[{Of(Kind.Int, from, depth)}, {Of(Kind.Int, from, depth)}]::BIGINT[]",
        1 => $"list_transform({Of(Kind.List, from, depth)}, lambda z: z + {Of(Kind.Int, from, 0)})",
        2 => $"list_filter({Of(Kind.List, from, depth)}, lambda z: z > {Of(Kind.Int, from, 0)})",
        3 => $"[z * 2 FOR z IN {Of(Kind.List, from, depth)} IF z IS NOT NULL]",
        4 => $"list_sort(list_distinct({Of(Kind.List, from, depth)}))",
        _ => $"list_concat({Of(Kind.List, from, depth)}, [{Literal(Kind.Int)}])::BIGINT[]",
    };

    private string Other(Tables from, int depth)
    {
        var others = from.Columns.Where(column => column.Kind == Kind.Other).ToList();
        return chance.Below(4) switch
        {
            0 when others.Count > 0 => chance.Pick(others).Text,
            1 when from.Names.Count > 0 => chance.Pick(from.Names),
            2 when from.Names.Count > 0 => $"to_json({chance.Pick(from.Names)})",
            _ => $"to_json({Of(chance.Pick(Kind.Int, Kind.List, Kind.Struct), from, Math.Max(0, depth))})",
        };
    }
}
