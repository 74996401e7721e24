using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>A job for each operation over the tables of <c>deploy/examples/data</c>. Pages are made from them, and a test runs each.</summary>
internal static class OperationExamples
{
    /// <summary>Bodies of submits, by operation.</summary>
    public static IReadOnlyDictionary<OperationKind, string> ByOperation { get; } = new Dictionary<OperationKind, string>
    {
        [OperationKind.Aggregate] =
            """
            {"operation":"aggregate","source":{"path":"data/counts.csv"},
             "parameters":{"groupBy":["tissue"],"where":"count > 0","having":"total > 100","limit":10,
               "aggregates":[{"function":"sum","column":"count","as":"total"},{"function":"quantile_cont","column":"count","q":0.9},{"function":"count"}],
               "orderBy":[{"column":"total","descending":true}]}}
            """,
        [OperationKind.Filter] = """{"operation":"filter","source":{"path":"data/counts.csv"},"parameters":{"where":"count >= 100 AND tissue IN ('brain', 'lung')"}}""",
        [OperationKind.Select] =
            """
            {"operation":"select","source":{"path":"data/counts.csv"},
             "parameters":{"columns":["gene","sample",{"expression":"ln(count + 1)","as":"log_count"}],"where":"gene <> 'ACTB'"}}
            """,
        [OperationKind.Convert] = """{"operation":"convert","source":{"path":"data/counts.csv"},"output":{"path":"out/counts","format":"PARQUET","mode":"OVERWRITE"}}""",
        [OperationKind.Distinct] = """{"operation":"distinct","source":{"path":"data/counts.csv"},"parameters":{"columns":["gene","tissue"]}}""",
        [OperationKind.Sort] =
            """
            {"operation":"sort","source":{"path":"data/counts.csv"},
             "parameters":{"by":[{"column":"count","descending":true,"nullsFirst":false},{"column":"gene"}],"limit":5}}
            """,
        [OperationKind.Join] =
            """
            {"operation":"join","sources":{"counts":{"path":"data/counts.csv"},"genes":{"path":"data/genes.csv"}},
             "parameters":{"left":"counts","right":"genes","on":[{"left":"gene","right":"gene"}],"how":"LEFT","columns":["gene","chromosome","count"]}}
            """,
        [OperationKind.Sample] = """{"operation":"sample","source":{"path":"data/counts.csv"},"parameters":{"rows":10,"seed":42}}""",
        [OperationKind.Profile] = """{"operation":"profile","source":{"path":"data/counts.csv"},"parameters":{"columns":["count","tissue"],"exact":true}}""",
        [OperationKind.Melt] =
            """
            {"operation":"melt","source":{"path":"data/wide.csv"},
             "parameters":{"id":["gene"],"columns":["S01","S02","S03"],"nameColumn":"sample","valueColumn":"count"}}
            """,
        [OperationKind.Pivot] =
            """
            {"operation":"pivot","source":{"path":"data/counts.csv"},
             "parameters":{"index":["gene"],"key":"tissue","value":"count","function":"avg"}}
            """,
        [OperationKind.Sql] =
            """
            {"operation":"sql",
             "parameters":{"query":"SELECT tissue, median(count) AS middle FROM 'data/counts.csv' GROUP BY tissue ORDER BY middle DESC"}}
            """,
    };
}
