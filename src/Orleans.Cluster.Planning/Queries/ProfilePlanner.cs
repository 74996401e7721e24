using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// One row for each column of a dataset, in one scan. Counts, minimum, maximum, mean and deviation are exact. The others come
/// from two sketches that merge, and their standard errors stand beside them:
/// 1. distinct values: all hashes below a border that leaves some <see cref="KeptHashes"/> of them in a partition (a theta
/// sketch; the
///    smallest border counts after merging, and without one the number is exact);
/// 2. quartiles and the most frequent value: about <see cref="SampledRows"/> rows of each partition, drawn by the hash of their
/// number and
///    weighed by the rows that they stand for.
/// </summary>
internal sealed class ProfilePlanner(PlanDraft draft)
{
    /// <summary>Which of the columns a row is of, by which the rows are in their order.</summary>
    public const string Position = OwnName.Prefix + "position";

    private const string RowNumber = OwnName.Prefix + "n";
    private const int KeptHashes = 4096;
    private const int SampledRows = 16384;
    private const string AllHashes = "CAST(18446744073709551615 AS UBIGINT)";

    /// <summary>The rows of the profile, in the order of the columns.</summary>
    public async Task<PlannedQuery> Plan(IReadOnlyList<ColumnSchema> columns)
    {
        var source = draft.Scan(draft.Datasets.Keys.First(), [.. columns.Select(column => column.Name)]);
        var partial = await draft.Select(source, Partial(source.Source, columns));
        partial = partial with { Size = new SizeEstimate(1, columns.Count * SampledRows * 8L) };
        var stage = draft.AddStage(
            partial, "partial",
            "Each partition describes its columns: exact figures, a sketch of distinct values, and a sample of rows.");
        var parts = draft.Gather(stage);
        var rows = columns.Select((column, index) => Row(parts.Source, column, index));
        var profile = await draft.Select(parts, string.Join(" UNION ALL ", rows));
        profile = profile with { Size = SizeEstimate.OfRows(columns.Count, profile.Columns, 16) };
        var names = profile.Columns.Skip(1).Select(column => column.Name);
        return new PlannedQuery(profile, [.. names], [new SortKey(Position, "ASC NULLS LAST")], null, 0);
    }

    /// <summary>The same with every figure exact, as a query.</summary>
    public static string ExactQuery(string table, IReadOnlyList<ColumnSchema> columns) =>
        string.Join(" UNION ALL ", columns.Select((column, index) => Exact(SqlText.Name(table), column, index)))
        + $" ORDER BY {Position}";

    // The border of a sketch needs no more than the order of magnitude of the distinct values, which the sample tells by the GEE
    // estimator (Charikar, Chaudhuri, Motwani and Narasayya, PODS 2000): values that it holds once stand for sqrt(rows / sampled
    // rows) of their kind each. Where that is far off, a sketch is larger or smaller than meant, and its stated error with it.
    private static string Partial(string source, IReadOnlyList<ColumnSchema> columns)
    {
        var indexes = Enumerable.Range(0, columns.Count).ToList();
        var named = columns.Select((column, index) => $"{SqlText.Name(column.Name)} AS c{index}");
        var estimates = indexes.Select(i =>
            $"(SELECT sqrt(any_value(n) / greatest(any_value(k), 1)) * count(*) FILTER (WHERE times = 1) + count(*) FILTER "
            + "(WHERE times > 1) "
            + $"FROM (SELECT count(*) AS times FROM s WHERE c{i} IS NOT NULL GROUP BY c{i}) CROSS JOIN r CROSS JOIN (SELECT "
            + $"count(*) AS k FROM s)) AS d{i}");
        var borders = indexes.Select(i => $"CASE WHEN coalesce(d{i}, 0) <= {KeptHashes} THEN {AllHashes} "
            + $"ELSE CAST(18446744073709551615.0 * {KeptHashes} / d{i} AS UBIGINT) END AS b{i}");
        var hashes = indexes.Select(i =>
            $"(SELECT list(h) FROM (SELECT DISTINCT hash(c{i}) AS h FROM t CROSS JOIN b WHERE c{i} IS NOT NULL AND hash(c{i}) <= "
            + $"b{i})) AS h{i}");
        var samples = indexes.Select(i => $"list(c{i}) FILTER (WHERE c{i} IS NOT NULL) AS s{i}");
        return $"WITH t AS MATERIALIZED (SELECT {string.Join(", ", named)}, row_number() OVER () AS {RowNumber} FROM {source}), "
            + "r AS MATERIALIZED (SELECT count(*) AS n FROM t), "
            + $"s AS MATERIALIZED (SELECT t.* FROM t CROSS JOIN r WHERE hash({RowNumber}) <= CASE WHEN n <= {SampledRows} THEN "
            + $"{AllHashes} "
            + $"ELSE CAST(18446744073709551615.0 * {SampledRows} / n AS UBIGINT) END), "
            + $"d AS (SELECT {string.Join(", ", estimates)}), "
            + $"b AS MATERIALIZED (SELECT {string.Join(", ", borders)} FROM d) "
            + $"SELECT f.*, b.*, l.*, {string.Join(", ", hashes)} FROM (SELECT count(*) AS n, "
            + $"{string.Join(", ", columns.SelectMany(Figures))} FROM t) AS f "
            + $"CROSS JOIN b CROSS JOIN (SELECT {string.Join(", ", samples)} FROM s) AS l";
    }

    private static IEnumerable<string> Figures(ColumnSchema column, int index)
    {
        var c = $"c{index}";
        yield return $"count({c}) AS n{index}";
        yield return $"min({c}) AS l{index}";
        yield return $"max({c}) AS u{index}";
        if (StoredTypes.IsNumeric(column.Type))
        {
            yield return $"{AggregateMerge.Count(c, Finite(column, c))} AS f{index}";
            yield return $"favg(CAST({c} AS DOUBLE)){Filter(column, c)} AS m{index}";
            yield return $"var_pop(CAST({c} AS DOUBLE)){Filter(column, c)} * count({c}){Filter(column, c)} AS v{index}";
        }
    }

    private static string Row(string parts, ColumnSchema column, int index)
    {
        var isNumber = StoredTypes.IsNumeric(column.Type);
        string Number(string text) => isNumber ? text : "CAST(NULL AS DOUBLE)";

        // g: the sampled values, each with the rows that it stands for.
        var values = $"SELECT v, sum(w) AS n FROM (SELECT unnest(s{index}) AS v, CAST(n{index} AS DOUBLE) / len(s{index}) AS w "
            + $"FROM {parts}) GROUP BY v";
        const string Most = "(SELECT struct_pack(v := CAST(v AS VARCHAR), n := n) FROM g ORDER BY n DESC, v LIMIT 1)";
        var quartiles = Number("(SELECT list_value("
            + string.Join(
                ", ", new[] { 0.25, 0.5,
                    0.75 }.Select(q =>
                        $"CAST(min(v) FILTER (WHERE c >= {q.ToString(CultureInfo.InvariantCulture)} * total) AS DOUBLE)"))
            + ") FROM (SELECT v, sum(n) OVER (ORDER BY v ROWS UNBOUNDED PRECEDING) AS c, sum(n) OVER () AS total FROM g))");
        string Quartile(int which) => Number($"q[{which}]");

        var figures = $"SELECT sum(n) AS n, sum(n{index}) AS k, min(l{index}) AS l, max(u{index}) AS u, CAST(min(b{index}) AS "
            + "DOUBLE) / 18446744073709551615.0 AS share, "
            + $"sum(len(s{index})) AS sampled, coalesce(sum(n{index}) FILTER (WHERE n{index} > 0) = sum(len(s{index})) FILTER "
            + $"(WHERE n{index} > 0), true) AS whole, "
            + $"{Number($"sum(m{index} * f{index}) / nullif(sum(f{index}), 0)")} AS mean, "
            + $"{Number(AggregateMerge.Deviation($"f{index}", $"m{index}", $"v{index}"))} AS deviation, "
            + $"(SELECT count(DISTINCT h) FROM (SELECT unnest(h{index}) AS h FROM {parts}) WHERE h <= (SELECT min(b{index}) FROM "
            + $"{parts})) AS kept, "
            + $"{Most} AS most, {quartiles} AS q FROM {parts}";
        return $"SELECT * FROM (WITH g AS MATERIALIZED ({values}) SELECT {index} AS {Position}, {SqlText.Literal(column.Name)} "
            + $"AS \"column\", {SqlText.Literal(column.Type)} AS \"type\", "
            + "CAST(n AS BIGINT) AS \"count\", CAST(n - k AS BIGINT) AS \"nulls\", CAST(round(kept / share) AS BIGINT) AS "
            + "\"distinct\", "
            + "CAST(l AS VARCHAR) AS \"min\", CAST(u AS VARCHAR) AS \"max\", mean AS \"mean\", deviation AS \"stddev\", "
            + $"{Quartile(1)} AS \"q25\", {Quartile(2)} AS \"median\", {Quartile(3)} AS \"q75\", "
            + "most.v AS \"most_frequent\", CAST(round(most.n) AS BIGINT) AS \"most_frequent_count\", "
            + "CASE WHEN share >= 1 THEN 0.0::DOUBLE ELSE 1 / sqrt(kept) END AS \"distinct_relative_error\", "
            + Number("CASE WHEN whole THEN 0.0::DOUBLE ELSE 0.5 / sqrt(sampled) END") + " AS \"quartile_rank_error\", "
            + "CASE WHEN whole THEN 0.0::DOUBLE ELSE sqrt(most.n * greatest(k - most.n, 1) / sampled) END AS "
            + "\"most_frequent_count_error\" "
            + $"FROM ({figures}))";
    }

    private static string Exact(string table, ColumnSchema column, int index)
    {
        var c = SqlText.Name(column.Name);
        var isNumber = StoredTypes.IsNumeric(column.Type);
        string Number(string text) => isNumber ? text : "CAST(NULL AS DOUBLE)";
        return $"SELECT {index} AS {Position}, {SqlText.Literal(column.Name)} AS \"column\", {SqlText.Literal(column.Type)} AS "
            + "\"type\", count(*) AS \"count\", "
            + $"count(*) - count({c}) AS \"nulls\", count(DISTINCT {c}) AS \"distinct\", CAST(min({c}) AS VARCHAR) AS \"min\", "
            + $"CAST(max({c}) AS VARCHAR) AS \"max\", "
            + $"{Number($"avg(CAST({c} AS DOUBLE)){Filter(column, c)}")} AS \"mean\", "
            + $"{Number($"stddev_samp(CAST({c} AS DOUBLE)){Filter(column, c)}")} AS \"stddev\", "
            + $"{Number($"quantile_cont(CAST({c} AS DOUBLE), 0.25)")} AS \"q25\", "
            + $"{Number($"quantile_cont(CAST({c} AS DOUBLE), 0.5)")} AS \"median\", "
            + $"{Number($"quantile_cont(CAST({c} AS DOUBLE), 0.75)")} AS \"q75\", CAST(mode({c}) AS VARCHAR) AS "
            + "\"most_frequent\", "
            + $"(SELECT nullif(max(n), 0) FROM (SELECT count({c}) AS n FROM {table} GROUP BY {c})) AS \"most_frequent_count\", "
            + "CAST(0 AS DOUBLE) AS \"distinct_relative_error\", " + Number("CAST(0 AS DOUBLE)") + " AS \"quartile_rank_error\", "
            + $"CAST(0 AS DOUBLE) AS \"most_frequent_count_error\" FROM {table}";
    }

    private static string? Finite(ColumnSchema column, string c) => column.Type is "DOUBLE" or "FLOAT" ? $"isfinite({c})" : null;

    // Mean and deviation are of finite values: one NaN would hide all others.
    private static string Filter(ColumnSchema column, string c) =>
        Finite(column, c) is { } condition ? $" FILTER (WHERE {condition})" : "";
}
