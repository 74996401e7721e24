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

    // A sum of whole numbers is a HUGEINT, which a file keeps as a decimal (StoredTypes). Merging the decimals as they are saves
    // a division for each partial row, which takes the engine longer than the sum itself.
    private const string WholeSum = "CAST(sum({s}) AS HUGEINT)";

    private const string Single = "FILTER (WHERE {n} = 1)";

    private static readonly FrozenSet<string> SameAgain =
        new[] { "min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor", "any_value", "product" }.ToFrozenSet();

    private static readonly FrozenSet<string> Moments =
        new[] { "var_samp", "var_pop", "variance", "stddev", "stddev_samp", "stddev_pop" }.ToFrozenSet();

    private static readonly FrozenSet<string> Comoments =
        new[]
        {
            "covar_samp", "covar_pop", "corr", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy", "regr_slope",
            "regr_intercept", "regr_r2",
        }.ToFrozenSet();

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
            ("regr_count", 2) => Count(
                $"regr_count({arguments[0]}, {arguments[1]})", filter, type, Both(arguments[0], arguments[1])),
            (_, 2) when Comoments.Contains(function) => Comoment(function, arguments[0], arguments[1], filter),
            _ => null,
        };

    private static string StoredSum(string x, string? filter) =>
        $"CAST({With(filter, $"sum({x})")} AS {StoredTypes.Of("HUGEINT")})";

    private static AggregateMerge Count(string call, string? filter, string type, string counts) =>
        new([("n", With(filter, call))], $"CAST(coalesce(sum({{n}}), 0) AS {type})") { OfOneRow = [One(counts, filter)] };

    private static string Value(string x, string? filter) => filter is null ? x : $"CASE WHEN {filter} THEN {x} END";

    private static string One(string counts, string? filter) => $"CASE WHEN {And(filter, counts)} THEN 1 ELSE 0 END";

    /// <summary>A count of values under a condition.</summary>
    public static string Count(string x, string? filter) => With(filter, $"count({x})");

    /// <summary>The sample deviation of merged (n, mean, M2) columns.</summary>
    public static string Deviation(string n, string mean, string m2) => Spread("stddev_samp")
        .Replace("{n}", n, StringComparison.Ordinal)
        .Replace("{m}", mean, StringComparison.Ordinal).Replace("{s}", m2, StringComparison.Ordinal);

    // Chan's rule over (n, mean, M2), folded in partition order. A sum of squares would lose all digits where the mean is large
    // beside the deviation; and so that the mean of a partition is that good, its sum is a compensated one (favg).
    private static AggregateMerge Moment(string function, string x, string? filter)
    {
        var (m2, known) = (With(filter, $"var_pop({x})"), $"({x}) IS NOT NULL");
        return new(
            [
                ("n", With(filter, $"count({x})")),
                ("m", Mean(m2, x, filter, With(filter, $"favg(CAST({x} AS DOUBLE))"))),
                ("s", $"{m2} * {With(filter, $"count({x})")}"),
            ],
            Spread(function))
        {
            OfOneRow =
                [One(known, filter), Value($"CAST({x} AS DOUBLE)", filter), Value("CAST(0 AS DOUBLE)", And(filter, known))],
        };
    }

    private static string Spread(string function) => Folded(
        $"{function}({{m}}) {Single}",
        $"struct_pack(n := CAST(count(*) {Single} AS DOUBLE), m := favg({{m}}) {Single}, "
        + $"s := var_pop({{m}}) {Single} * count(*) {Single})",
        "struct_pack(n := CAST({n} AS DOUBLE), m := {m}, s := {s})",
        "struct_pack(n := a['n'] + b['n'], m := a['m'] + (b['m'] - a['m']) * (b['n'] / (a['n'] + b['n'])), "
        + "s := a['s'] + b['s'] + (b['m'] - a['m']) * (b['m'] - a['m']) * (a['n'] * b['n'] / (a['n'] + b['n'])))",
        function switch
        {
            "var_pop" => "t['s'] / t['n']",
            "stddev_pop" => "sqrt(t['s'] / t['n'])",
            "var_samp" or "variance" => "CASE WHEN t['n'] > 1 THEN t['s'] / (t['n'] - 1) END",
            _ => "CASE WHEN t['n'] > 1 THEN sqrt(t['s'] / (t['n'] - 1)) END",
        });

    // The same for pairs, with the comoment C and both M2, over the rows in which both are known.
    private static AggregateMerge Comoment(string function, string y, string x, string? filter)
    {
        const string Weight = "(a['n'] * b['n'] / (a['n'] + b['n']))";
        var (xx, yy) = (With(filter, $"regr_sxx({y}, {x})"), With(filter, $"regr_syy({y}, {x})"));
        var both = And(filter, Both(y, x));
        var zero = Value("CAST(0 AS DOUBLE)", both);
        return new(
            [
                ("n", With(filter, $"regr_count({y}, {x})")),
                ("x", Mean(xx, x, both, With(filter, $"regr_avgx({y}, {x})"))),
                ("y", Mean(yy, y, both, With(filter, $"regr_avgy({y}, {x})"))),
                ("c", With(filter, $"regr_sxy({y}, {x})")), ("p", xx), ("q", yy),
            ],
            Folded(
                $"{function}({{y}}, {{x}}) {Single}",
                $"struct_pack(n := CAST(count(*) {Single} AS DOUBLE), x := regr_avgx({{y}}, {{x}}) {Single}, "
                + $"y := regr_avgy({{y}}, {{x}}) {Single}, c := regr_sxy({{y}}, {{x}}) {Single}, "
                + $"p := regr_sxx({{y}}, {{x}}) {Single}, q := regr_syy({{y}}, {{x}}) {Single})",
                "struct_pack(n := CAST({n} AS DOUBLE), x := {x}, y := {y}, c := {c}, p := {p}, q := {q})",
                "struct_pack(n := a['n'] + b['n'], x := a['x'] + (b['x'] - a['x']) * (b['n'] / (a['n'] + b['n'])), "
                + "y := a['y'] + (b['y'] - a['y']) * (b['n'] / (a['n'] + b['n'])), "
                + $"c := a['c'] + b['c'] + (b['x'] - a['x']) * (b['y'] - a['y']) * {Weight}, "
                + $"p := a['p'] + b['p'] + (b['x'] - a['x']) * (b['x'] - a['x']) * {Weight}, "
                + $"q := a['q'] + b['q'] + (b['y'] - a['y']) * (b['y'] - a['y']) * {Weight})",
                OfPairs(function)))
        {
            OfOneRow = [One(Both(y, x), filter), Value($"CAST({x} AS DOUBLE)", both), Value($"CAST({y} AS DOUBLE)", both),
                zero, zero, zero],
        };
    }

    private static string OfPairs(string function)
    {
        const string Corr = "t['c'] / (sqrt(t['p']) * sqrt(t['q']))";
        return function switch
        {
            "covar_pop" => "t['c'] / t['n']",
            "covar_samp" => "CASE WHEN t['n'] > 1 THEN t['c'] / (t['n'] - 1) END",
            "regr_avgx" => "t['x']",
            "regr_avgy" => "t['y']",
            "regr_sxx" => "t['p']",
            "regr_syy" => "t['q']",
            "regr_sxy" => "t['c']",
            "regr_slope" => "CASE WHEN t['p'] = 0 THEN CAST('NaN' AS DOUBLE) ELSE t['c'] / t['p'] END",
            "regr_intercept" => "CASE WHEN t['p'] <> 0 THEN t['y'] - t['c'] / t['p'] * t['x'] END",
            "regr_r2" => $"CASE WHEN t['p'] = 0 THEN NULL WHEN t['q'] = 0 THEN 1 ELSE pow({Corr}, 2) END",
            _ => $"CASE WHEN t['p'] * t['q'] = 0 THEN CAST('NaN' AS DOUBLE) ELSE {Corr} END",
        };
    }

    // Partial values of one row each are what the function itself is of. Those of more are folded, the others together being one
    // of them: there may be many, and a fold takes long for each.
    private static string Folded(string single, string singles, string several, string fold, string value) =>
        $"CASE WHEN coalesce(max({{n}}), 0) <= 1 THEN {single} ELSE list_transform([list_reduce(list_concat("
        + $"CASE WHEN count(*) {Single} > 0 THEN [{singles}] END, list({several}) FILTER (WHERE {{n}} > 1)), "
        + $"lambda a, b: {fold})], lambda t: {value})[1] END";

    // Where all values are the same, so is their mean, to the last bit: else a constant would seem to vary between partitions.
    private static string Mean(string m2, string x, string? condition, string mean) =>
        $"CASE WHEN {m2} = 0 THEN CAST({With(condition, $"max({x})")} AS DOUBLE) ELSE {mean} END";

    private static string Both(string y, string x) => $"({y}) IS NOT NULL AND ({x}) IS NOT NULL";

    private static string And(string? filter, string condition) => filter is null ? condition : $"({filter}) AND {condition}";

    private static string With(string? filter, string call) => filter is null ? call : $"{call} FILTER (WHERE {filter})";
}
