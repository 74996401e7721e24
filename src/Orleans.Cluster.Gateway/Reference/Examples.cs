using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>Documents as the reference shows them.</summary>
internal static class Examples
{
    public const string Job = "01JD7Z4Q8M3K5T6V7W8X9Y0ABC";

    /// <summary>A job as it can be sent to a new cluster: without a source it reads the sample table.</summary>
    public const string Spec =
        """
        {"name":"expression by tissue","operation":"aggregate",
         "parameters":{"groupBy":["tissue"],"aggregates":[{"function":"sum","column":"count","as":"total"}],"where":"count > 0",
                       "orderBy":[{"column":"total","descending":true}],"limit":100},
         "labels":{"project":"atlas"}}
        """;

    public const string Status =
        $$"""
        {"id":"{{Job}}","name":"expression by tissue","operation":"aggregate","priority":"HIGH","status":"RUNNING","revision":417,
         "createdAt":"2026-01-31T12:00:00Z","startedAt":"2026-01-31T12:00:01Z","finishedAt":null,
         "progress":{"fraction":0.683,"bytesDone":734003200,"bytesTotal":1073741824,"rowsDone":9120331,
           "partitions":{"total":11,"completed":7,"running":3,"waiting":1,"retried":1},
           "stages":[{"index":0,"name":"scan","total":10,"completed":7},{"index":1,"name":"merge","total":1,"completed":0}]},
         "eta":{"seconds":12.4,"secondsHigh":19.0},"reason":{"code":"RUNNING","detail":"3 of 4 slots busy"},"result":null,"quarantinedRows":0,
         "error":null,"labels":{"project":"atlas"},"links":{"self":"/api/processing/jobs/{{Job}}/status",
           "cancel":"/api/processing/jobs/{{Job}}/cancel","events":"/api/processing/jobs/{{Job}}/events",
           "result":"/api/processing/jobs/{{Job}}/result"},"notes":[]}
        """;

    public const string Rows =
        """{"columns":[{"name":"gene","type":"VARCHAR"},{"name":"total","type":"DECIMAL(38,0)"}],"rows":[["TP53",12]],"totalRows":1}""";

    public const string Parts =
        """{"parts":[{"index":0,"rows":52000,"bytes":1048576,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}""";

    public const string Quarantine =
        """
        {"columns":[{"name":"file","type":"VARCHAR"},{"name":"line","type":"BIGINT"},{"name":"byteOffset","type":"BIGINT"},
                    {"name":"column","type":"VARCHAR"},{"name":"value","type":"VARCHAR"}],
         "rows":[["expression/7.csv",3,8,"count","X"]],"totalRows":1}
        """;

    public const string Partitions =
        """
        {"items":[{"stage":0,"partition":3,"state":"COMMITTED","bytes":104857600,"rows":1048211,"attempts":[{"number":1,"worker":"worker-1",
          "state":"COMMITTED","startedAt":"2026-01-31T12:00:01Z","endedAt":"2026-01-31T12:00:03Z","failure":null}],"rowsOut":1201,"bytesOut":48211,
          "quarantinedRows":0,"cpuSeconds":1.6,"peakMemoryBytes":183500800,"spilledBytes":0,"notBefore":null}],"nextPageToken":null}
        """;

    public const string Summary =
        """
        {"revision":417,"stages":[{"stage":0,"states":"CCRW","rows":[1048211,1048190,0,0],"seconds":[1.9,2.1,0,0],
          "bytes":[104857600,104857600,104857600,50331648],"rowsOut":2402,"bytesOut":96422}]}
        """;

    public const string Timeline =
        $$"""
        {"bars":[{"worker":"worker-1","slot":0,"job":"{{Job}}","stage":0,"partition":3,"attempt":1,"state":"COMMITTED",
          "startedAt":"2026-01-31T12:00:01Z","endedAt":"2026-01-31T12:00:03Z","count":1}],"merged":false}
        """;

    public const string Story =
        """
        {"verdict":"The job succeeded after 12.4 s: 11 partitions in 2 stages, 1,201 rows in the result.",
         "phases":[{"phase":"QUEUED","seconds":0.2,"reason":null},{"phase":"RUNNING","seconds":12.1,"reason":null}],
         "findings":[{"code":"skew","detail":"Partition 4 of stage 0 has far more to do than the others.",
           "evidence":"It read 8,000,000 rows in 8.1 s; the median of the stage is 1,000,000 rows in 1.2 s.",
           "change":{"pointer":"/partitioning/targetBytes","value":26214400}}]}
        """;

    public const string Profile =
        """
        {"stages":[{"stage":0,"operators":[{"id":0,"parent":null,"name":"HASH_GROUP_BY","detail":"gene","seconds":{"sum":4.2,"median":0.4,"max":0.9},
          "rows":{"in":10482110,"out":12010},"spilledBytes":0}],"partitions":10,"spilledBytes":0}]}
        """;

    public const string Browse =
        """
        {"path":"expression","entries":[{"name":"7.csv","kind":"FILE","bytes":104857600,"modifiedAt":"2026-01-31T12:00:00Z"}],"nextPageToken":null}
        """;

    public const string RowsPreview =
        """{"columns":[{"name":"gene","type":"VARCHAR"},{"name":"count","type":"BIGINT"}],"rows":[["TP53",12]],"warnings":[]}""";

    public const string Session = """{"caller":"key:atlas","role":"SUBMITTER","expiresAt":"2026-01-31T20:00:00Z"}""";

    public const string Log =
        """{"items":[{"at":"2026-01-31T12:00:00Z","level":"INFORMATION","message":"QUEUED","stage":null,"partition":null,"attempt":null,"worker":null}]}""";

    public const string Callbacks =
        $$"""
        {"items":[{"id":"{{Job}}-1","status":"QUEUED","createdAt":"2026-01-31T12:00:00Z","state":"DELIVERED","tries":1,"nextTryAt":null,
          "endedAt":"2026-01-31T12:00:00Z","lastError":null}]}
        """;

    public const string Plan =
        """
        {"query":"SELECT gene, sum(\"count\") AS total FROM source GROUP BY gene","columns":[{"name":"gene","type":"VARCHAR"},
           {"name":"total","type":"DECIMAL(38,0)"}],"datasets":{},"stages":[{"index":0,"name":"scan",
           "query":"SELECT gene, sum(\"count\") AS s0 FROM source GROUP BY gene","inputs":[],"output":"EXCHANGE",
           "columns":[{"name":"gene","type":"VARCHAR"},{"name":"s0","type":"DECIMAL(38,0)"}],"partitions":10,
           "estimatedBytes":1073741824,"note":null}],"estimatedBytes":1073741824,"warnings":[]}
        """;

    public const string Preview =
        """
        {"format":"CSV","dialect":{"delimiter":",","quote":"\"","header":{"value":true,"how":"TYPES"}},"columns":[{"name":"gene","type":"VARCHAR"},{"name":"count","type":"BIGINT"}],"totalBytes":104857600,
         "estimatedRows":1048211,"partitions":[{"index":0,"files":[{"path":"expression/7.csv","start":0,"end":104857600}],
         "bytes":104857600,"estimatedRows":1048211}],"warnings":[]}
        """;

    public const string Queue =
        $$"""
        {"priorities":[{"priority":"HIGH","jobs":1,"partitions":10,"oldestWaitSeconds":2.5}],
         "waiting":[{"id":"{{Job}}","priority":"HIGH","position":1,"reason":{"code":"WAITING_FOR_SLOT","detail":"4 of 4 slots busy"},
           "createdAt":"2026-01-31T12:00:00Z"}],"runningPartitions":4,"totalSlots":4,"busySlots":4,"nextPageToken":null}
        """;

    public const string Cluster =
        """
        {"state":"RUNNING","desiredWorkers":4,"activeWorkers":4,"workers":[],
         "lastScalingDecision":null,"scaleTarget":"local-processes","isAttended":true}
        """;

    public const string Decisions =
        """[{"at":"2026-01-31T12:00:00Z","from":2,"to":4,"reason":"10 partitions wait; 2 workers need 40 s for them."}]""";

    public const string Health =
        """
        {"status":"HEALTHY","storage":{"state":"UP","detail":null},"membership":{"state":"UP","detail":"5 silos are active."},
         "queue":{"state":"UP","detail":null},"planning":{"state":"UP","detail":null},"disk":{"state":"UP","detail":null},
         "artifactStore":{"state":"UP","detail":null},"version":"0.1.0","now":"2026-01-31T12:00:00Z"}
        """;

    public const string Metrics =
        """
        {"current":{"at":"2026-01-31T12:00:00Z","seconds":10,"figures":{"slots":4,"slotsBusy":3}},"since":"2026-01-31T12:00:00Z",
         "until":"2026-01-31T13:00:00Z","stepSeconds":10,"samples":[]}
        """;

    public const string Resources =
        """
        {"limits":{"maxActiveJobs":10000,"scratchBytesPerAttempt":107374182400,"memoryLimitFactor":1.0,"largestWorkerSlots":1,
           "largestWorkerMemoryBytes":2147483648,"largestWorkerGpus":0},"workers":[],"jobs":[]}
        """;

    public const string Recommendations =
        $$"""
        {"items":[{"code":"memory-too-large","job":"{{Job}}","advice":"Ask for less memory.","evidence":"The largest executor held 180 MiB of 1024 MiB.",
          "expectedGain":"More tasks of the job run at a time on a worker.",
          "settings":{"resources.memoryBytes":268435456} }]}
        """;

    public const string Key =
        """{"id":"oc_1f2e3d4c","name":"nightly","role":"SUBMITTER","createdAt":"2026-01-31T12:00:00Z","expiresAt":null,"revokedAt":null}""";

    public const string Audit =
        $$"""
        {"items":[{"sequence":1201,"at":"2026-01-31T12:00:00Z","actor":"key:nightly","action":"job.submit","target":"{{Job}}",
          "origin":"10.0.0.7","outcome":"ok","detail":null,"hash":"5a65d3711fa63a94278ba30a2fe37b7585a39deb31aade70636ba2cf021fd1eb"}],
         "nextPageToken":null}
        """;

    public static JsonNode Parse(string json) => JsonNode.Parse(json)!;

    /// <summary>The problem document of a code.</summary>
    public static JsonNode Of(Contracts.ProblemCode code)
    {
        var fault = code.HttpStatus is 400 or 422 ? new[] { new Fault("/source/path", code.Word, code.Title) } : null;
        var problem = ProblemDocument.Of(code, code.Title, errors: fault) with
        {
            Instance = "/api/processing/jobs/submit", TraceId = "06bf34554c83e4fe9d5c6e9d9ed7cc07",
        };
        return JsonSerializer.SerializeToNode(problem, WireJson.Options)!;
    }
}
