using System.Collections.Frozen;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// How an aggregate is computed in two steps: what each partition keeps of a group, and what makes the value of these.
/// </summary>
/// <param name="Partials">Aggregates over rows, each with the suffix of its column.</param>
/// <param name="Merge">
/// One expression over the partial columns of a group, in partition order, with <c>{suffix}</c> for each.
/// </param>
internal sealed record AggregateMerge(IReadOnlyList<(string Suffix, string Expression)> Partials, string Merge)
{
    /// <summary>
    /// The partial values of one row by itself, in the order of <see cref="Partials"/>: for rows of which hardly two are of one
    /// group. Null where only an aggregate makes them.
    /// </summary>
    public IReadOnlyList<string>? OfOneRow { get; init; }

    private const string Fold =
        "list_reduce(list(struct_pack(n := CAST({n} AS DOUBLE), m := {m}, s := {s})) FILTER (WHERE {n} > 0), lambda a, b: "
        + "struct_pack("
        + "n := a['n'] + b['n'], m := a['m'] + (b['m'] - a['m']) * (b['n'] / (a['n'] + b['n'])), "
        + "s := a['s'] + b['s'] + (b['m'] - a['m']) * (b['m'] - a['m']) * (a['n'] * b['n'] / (a['n'] + b['n']))))";

    // A sum of whole numbers is a HUGEINT, which a file keeps as a decimal (StoredTypes). Merging the decimals as they are saves
    // a division for each partial row, which takes the engine longer than the sum itself.
    private const string WholeSum = "CAST(sum({s}) AS HUGEINT)";

    private static readonly FrozenSet<string> SameAgain =
        new[] { "min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor", "any_value", "product" }.ToFrozenSet();

    private static readonly FrozenSet<string> Moments =
        new[] { "var_samp", "var_pop", "variance", "stddev", "stddev_samp", "stddev_pop" }.ToFrozenSet();

    private static readonly FrozenSet<string> Comoments = new[] { "covar_samp", "covar_pop", "corr" }.ToFrozenSet();

    /// <summary>The rule for a call; null when the aggregate needs all rows of a group at once.</summary>
    /// <param name="function">Name in lower case; <c>count_star</c> for <c>count(*)</c>.</param>
    /// <param name="arguments">Rendered arguments.</param>
    /// <param name="argumentTypes">Their types.</param>
    /// <param name="filter">Rendered <c>FILTER</c> condition, or null.</param>
    /// <param name="type">Type of the value in one step.</param>
    public static AggregateMerge? Of(
        string function, IReadOnlyList<string> arguments, IReadOnlyList<string> argumentTypes, string? filter, string type) =>
        (function, arguments.Count) switch
        {
            ("count_star", 0) => Count("count(*)", filter, type, "true"),
            ("count", 1) => Count($"count({arguments[0]})", filter, type, $"({arguments[0]}) IS NOT NULL"),
            ("count_if" or "countif", 1) => Count($"{function}({arguments[0]})", filter, type, $"({arguments[0]})"),
            ("sum", 1) when StoredTypes.IsInteger(argumentTypes[0]) || argumentTypes[0] == "BOOLEAN" =>
                new([("s", StoredSum(arguments[0], filter))], $"CAST({WholeSum} AS {type})")
                {
                    OfOneRow = [Value($"CAST({arguments[0]} AS HUGEINT)", filter)],
                },
            ("sum", 1) when StoredTypes.IsNumeric(argumentTypes[0]) =>
                new([("s", With(filter, $"sum({arguments[0]})"))], $"CAST(sum({{s}}) AS {type})")
                {
                    OfOneRow = [Value(arguments[0], filter)],
                },
            ("avg" or "mean", 1) when StoredTypes.IsInteger(argumentTypes[0]) => new(
                [("s", StoredSum(arguments[0], filter)), ("n", With(filter, $"count({arguments[0]})"))],
                $"CAST({WholeSum} AS DOUBLE) / nullif(sum({{n}}), 0)")
            {
                OfOneRow = [Value(arguments[0], filter), One($"({arguments[0]}) IS NOT NULL", filter)],
            },
            ("avg" or "mean", 1) when StoredTypes.IsNumeric(argumentTypes[0]) => new(
                [("s", With(filter, $"sum({arguments[0]})")), ("n", With(filter, $"count({arguments[0]})"))],
                "CAST(sum({s}) AS DOUBLE) / nullif(sum({n}), 0)")
            {
                OfOneRow = [Value(arguments[0], filter), One($"({arguments[0]}) IS NOT NULL", filter)],
            },
            ("first" or "last" or "arbitrary", 1) => new(
                [("v", With(filter, $"{function}({arguments[0]})")), ("n", With(filter, "count(*)"))],
                $"{function}({{v}}) FILTER (WHERE {{n}} > 0)")
            {
                OfOneRow = [Value(arguments[0], filter), One("true", filter)],
            },
            (_, 1) when SameAgain.Contains(function) =>
                new([("v", With(filter, $"{function}({arguments[0]})"))], $"{function}({{v}})")
                {
                    OfOneRow = [Value(arguments[0], filter)],
                },
            (_, 1) when Moments.Contains(function) => Moment(function, arguments[0], filter),
            (_, 2) when Comoments.Contains(function) => Comoment(function, arguments[0], arguments[1], filter),
            _ => null,
        };

    private static string StoredSum(string x, string? filter) =>
        $"CAST({With(filter, $"sum({x})")} AS {StoredTypes.Of("HUGEINT")})";

    private static AggregateMerge Count(string call, string? filter, string type, string counts) =>
        new([("n", With(filter, call))], $"CAST(coalesce(sum({{n}}), 0) AS {type})") { OfOneRow = [One(counts, filter)] };

    private static string Value(string x, string? filter) => filter is null ? x : $"CASE WHEN {filter} THEN {x} END";

    private static string One(string counts, string? filter) =>
        $"CASE WHEN {(filter is null ? counts : $"({filter}) AND {counts}")} THEN 1 ELSE 0 END";

    /// <summary>A count of values under a condition.</summary>
    public static string Count(string x, string? filter) => With(filter, $"count({x})");

    /// <summary>The sample deviation of merged (n, mean, M2) columns.</summary>
    public static string Deviation(string n, string mean, string m2) => Spread("stddev_samp", Fold)
        .Replace("{n}", n, StringComparison.Ordinal)
        .Replace("{m}", mean, StringComparison.Ordinal).Replace("{s}", m2, StringComparison.Ordinal);

    // Chan's rule over (n, mean, M2), folded in partition order. A sum of squares would lose all digits where the mean is large
    // beside the deviation; and so that the mean of a partition is that good, its sum is a compensated one (favg).
    private static AggregateMerge Moment(string function, string x, string? filter)
    {
        return new(
            [
                ("n", With(filter, $"count({x})")),
                ("m", With(filter, $"favg(CAST({x} AS DOUBLE))")),
                ("s", $"{With(filter, $"var_pop({x})")} * {With(filter, $"count({x})")}"),
            ],
            Spread(function, Fold));
    }

    private static string Spread(string function, string fold) => function switch
    {
        "var_pop" => $"list_transform([{fold}], lambda t: t['s'] / t['n'])[1]",
        "stddev_pop" => $"list_transform([{fold}], lambda t: sqrt(t['s'] / t['n']))[1]",
        "var_samp" or "variance" => $"list_transform([{fold}], lambda t: CASE WHEN t['n'] > 1 THEN t['s'] / (t['n'] - 1) END)[1]",
        _ => $"list_transform([{fold}], lambda t: CASE WHEN t['n'] > 1 THEN sqrt(t['s'] / (t['n'] - 1)) END)[1]",
    };

    // The same for pairs, with the comoment C and both M2, over the rows in which both are known.
    private static AggregateMerge Comoment(string function, string y, string x, string? filter)
    {
        const string Fold =
            "list_reduce(list(struct_pack(n := CAST({n} AS DOUBLE), x := {x}, y := {y}, c := {c}, p := {p}, q := {q})) FILTER "
            + "(WHERE {n} > 0), "
            + "lambda a, b: struct_pack(n := a['n'] + b['n'], x := a['x'] + (b['x'] - a['x']) * (b['n'] / (a['n'] + b['n'])), "
            + "y := a['y'] + (b['y'] - a['y']) * (b['n'] / (a['n'] + b['n'])), "
            + "c := a['c'] + b['c'] + (b['x'] - a['x']) * (b['y'] - a['y']) * (a['n'] * b['n'] / (a['n'] + b['n'])), "
            + "p := a['p'] + b['p'] + (b['x'] - a['x']) * (b['x'] - a['x']) * (a['n'] * b['n'] / (a['n'] + b['n'])), "
            + "q := a['q'] + b['q'] + (b['y'] - a['y']) * (b['y'] - a['y']) * (a['n'] * b['n'] / (a['n'] + b['n']))))";
        var value = function switch
        {
            "covar_pop" => "t['c'] / t['n']",
            "covar_samp" => "CASE WHEN t['n'] > 1 THEN t['c'] / (t['n'] - 1) END",
            _ => "CASE WHEN t['p'] * t['q'] = 0 THEN CAST('NaN' AS DOUBLE) ELSE t['c'] / (sqrt(t['p']) * sqrt(t['q'])) END",
        };
        return new(
            [
                ("n", With(filter, $"regr_count({y}, {x})")), ("x", With(filter, $"regr_avgx({y}, {x})")),
                ("y", With(filter, $"regr_avgy({y}, {x})")), ("c", With(filter, $"regr_sxy({y}, {x})")),
                ("p", With(filter, $"regr_sxx({y}, {x})")), ("q", With(filter, $"regr_syy({y}, {x})")),
            ],
            $"list_transform([{Fold}], lambda t: {value})[1]");
    }

    private static string With(string? filter, string call) => filter is null ? call : $"{call} FILTER (WHERE {filter})";
}
