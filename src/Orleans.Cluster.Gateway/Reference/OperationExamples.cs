using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>
/// A job for each operation over the tables of <c>deploy/examples/data</c>. Pages are made from them, and a test runs each.
/// </summary>
internal static class OperationExamples
{
    /// <summary>Bodies of submits, by operation; together they have every parameter.</summary>
    public static IReadOnlyDictionary<OperationKind, IReadOnlyList<string>> ByOperation { get; } = new Dictionary<OperationKind,
        IReadOnlyList<string>>
    {
        [OperationKind.Aggregate] =
        [
            """
            {"operation":"aggregate","source":{"path":"data/counts.csv"},
             "parameters":{"groupBy":["tissue"],"where":"count > 0","having":"total > 100","limit":10,
               "aggregates":[{"function":"sum","column":"count","as":"total"},{"function":"quantile_cont","column":"count","q":0.9},{"function":"count"}],
               "orderBy":[{"column":"total","descending":true,"nullsFirst":false}]}}
            """,
            """
            {"operation":"aggregate","source":{"path":"data/counts.csv"},
             "parameters":{"groupBy":["gene"],"aggregates":[{"function":"string_agg","column":"tissue","distinct":true,"separator":" + "}]}}
            """,
        ],
        [OperationKind.Filter] =
        [
            """{"operation":"filter","source":{"path":"data/counts.csv"},"parameters":{"where":"count >= 100 AND tissue IN ('brain', 'lung')"}}""",
        ],
        [OperationKind.Select] =
        [
            """
            {"operation":"select","source":{"path":"data/counts.csv"},
             "parameters":{"columns":["gene",{"column":"sample","as":"id"},{"expression":"ln(count + 1)","as":"log_count"}],"where":"gene <> 'ACTB'"}}
            """,
        ],
        [OperationKind.Convert] =
        [
            """{"operation":"convert","source":{"path":"data/counts.csv"},"output":{"path":"out/counts","format":"PARQUET","mode":"OVERWRITE"}}""",
        ],
        [OperationKind.Distinct] =
        [
            """{"operation":"distinct","source":{"path":"data/counts.csv"},"parameters":{"columns":["gene","tissue"]}}""",
        ],
        [OperationKind.Sort] =
        [
            """
            {"operation":"sort","source":{"path":"data/counts.csv"},
             "parameters":{"by":[{"column":"count","descending":true,"nullsFirst":false},{"column":"gene"}],"limit":5}}
            """,
        ],
        [OperationKind.Join] =
        [
            """
            {"operation":"join","sources":{"counts":{"path":"data/counts.csv"},"genes":{"path":"data/genes.csv"}},
             "parameters":{"left":"counts","right":"genes","on":[{"left":"gene","right":"gene"}],"how":"LEFT","columns":["gene","chromosome","count"]}}
            """,
        ],
        [OperationKind.Sample] =
        [
            """{"operation":"sample","source":{"path":"data/counts.csv"},"parameters":{"rows":10,"seed":42}}""",
            """{"operation":"sample","source":{"path":"data/counts.csv"},"parameters":{"fraction":0.5}}""",
        ],
        [OperationKind.Profile] =
        [
            """{"operation":"profile","source":{"path":"data/counts.csv"},"parameters":{"columns":["count","tissue"],"exact":true}}""",
        ],
        [OperationKind.Melt] =
        [
            """
            {"operation":"melt","source":{"path":"data/wide.csv"},
             "parameters":{"id":["gene"],"columns":["S01","S02","S03"],"nameColumn":"sample","valueColumn":"count"}}
            """,
        ],
        [OperationKind.Pivot] =
        [
            """
            {"operation":"pivot","source":{"path":"data/counts.csv"},
             "parameters":{"index":["gene"],"key":"tissue","value":"count","function":"avg","as":"COLUMNS"}}
            """,
        ],
        [OperationKind.Sql] =
        [
            """
            {"operation":"sql",
             "parameters":{"query":"SELECT tissue, median(count) AS middle FROM 'data/counts.csv' GROUP BY tissue ORDER BY middle DESC"}}
            """,
        ],
    };

    /// <summary>Bodies of submits that together have every option of a job beside its operation's parameters.</summary>
    public static IReadOnlyList<string> Options { get; } =
    [
        """
        {"name":"levels as a table","operation":"convert","priority":"HIGH",
         "source":{"path":"data/levels.txt","format":"CSV",
           "options":{"skipLines":1,"headerLines":2,"delimiter":";","header":true,"quote":"\"","escape":"\"","comment":"#","nullValues":["NA"],
             "decimal":",","columns":{"level":"DOUBLE"},"encoding":"utf-8","compression":"NONE"}},
         "output":{"path":"out/levels","format":"PARQUET","mode":"OVERWRITE","partitionBy":["sample"],"compression":"zstd","fileBytes":16777216},
         "onBadRow":"QUARANTINE","labels":{"project":"atlas"}}
        """,
        """
        {"operation":"sql",
         "sources":{"counts":{"path":["data/by-year/*/part.csv"],"options":{"hivePartitioning":true,"union":"BY_NAME"}},
           "samples":{"path":"data/samples.ndjson","options":{"unknownKeys":"IGNORE"}}},
         "parameters":{"query":"SELECT year, sum(count) AS total, (SELECT count(*) FROM samples) AS samples FROM counts GROUP BY year"},
         "partitioning":{"targetBytes":1048576,"minPartitions":1,"maxPartitions":8},"resources":{"cpu":1,"memoryBytes":536870912,"gpu":0},
         "retry":{"maxAttempts":3,"initialBackoffMs":500,"maxBackoffMs":30000,"multiplier":2.0},"gang":false,"timeoutSeconds":3600,
         "callback":{"url":"https://example.org/hook","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
        """,
        """
        {"operation":"sort","source":{"job":"01JD7Z4Q8M3K5T6V7W8X9Y0ABC"},"dependsOn":["01JD7Z4Q8M3K5T6V7W8X9Y0ABC"],
         "parameters":{"by":[{"column":"year","descending":true}]}}
        """,
    ];
}
