using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Gateway.Operators;
using Code = Orleans.Cluster.Contracts.ProblemCode;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>The reference's notes, by the name of the endpoint.</summary>
internal static class OperationNotes
{
    private static readonly ParameterNote PageSize = new(
        "pageSize", "Items of a page, 1 to 500; 50 when absent.", "50", IsNumber: true);
    private static readonly ParameterNote PageToken = new("pageToken", "nextPageToken of the page before.", Examples.Job);
    private static readonly string[] RowForms =
        ["text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"];
    private static readonly ParameterNote Offset = new("offset", "Rows to pass over.", "0", IsNumber: true);
    private static readonly ParameterNote Limit = new(
        "limit", "At most so many rows; 100,000 for JSON when absent.", "100", IsNumber: true);

    private static readonly ParameterNote Table = new("table", "A table of the result beside its rows: keys of a pivot.", "keys");

    private static readonly Contracts.ProblemCode[] OfData =
    [
        Code.DatasetNotFound, Code.DatasetNotReadable, Code.SchemaConflict, Code.ColumnNotFound, Code.QueryInvalid,
        Code.PathNotAllowed,
    ];

    public static IReadOnlyDictionary<string, OperationNote> ByName { get; } = new Dictionary<string, OperationNote>
    {
        ["SubmitJob"] = new("Submit a job", 202, typeof(JobStatus), Examples.Status)
        {
            Body = typeof(JobSpec), BodyExample = Examples.Spec,
            // Not among the answers: a document has no way to say which of two a parameter chooses, and generated clients take
            // the first.
            Description = "With validateOnly=true nothing runs: the answer is 200 with the plan, a PlanDocument.",
            Parameters =
            [
                new("validateOnly", "true answers 200 with the plan, and runs nothing.", "true", IsFlag: true),
                new("Idempotency-Key", "Two submits with one key, within 24 h, make one job.", "6f1c0e8b-nightly",
                    IsHeader: true),
            ],
            Errors =
            [
                .. OfData, Code.IdempotencyInFlight, Code.IdempotencyKeyReused, Code.OutputExists, Code.OutputInUse,
                Code.OutputNotWritable,
                Code.ResourcesImpossible, Code.PayloadTooLarge, Code.UnsupportedMediaType, Code.QueueFull,
                Code.QuotaExceeded,
            ],
        },
        ["GetStatus"] = new("Where a job is", 200, typeof(JobStatus), Examples.Status)
        {
            Others = new Dictionary<int, string> { [304] = "Nothing has changed since the revision of If-None-Match." },
            Parameters =
            [
                new("If-None-Match", "ETag of the status that the client has.", "\"417\"", IsHeader: true),
                new("Prefer", "wait=N holds the answer back until something changes, N seconds at most (60).", "wait=30",
                    IsHeader: true),
            ],
            Errors = [Code.JobNotFound],
        },
        ["ListJobs"] = new(
            "Jobs, newest first", 200, typeof(JobList),
            $$"""{"items":[{{Examples.Status}}],"nextPageToken":"{{Examples.Job}}"}""")
        {
            Parameters =
            [
                PageSize, PageToken, new("status", "Only jobs in this state; may be repeated.", "RUNNING"),
                new("priority", "Only this priority.", "HIGH"),
                new("operation", "Only this operation.", "aggregate"),
                new("createdAfter", "Only jobs made at or after.", "2026-01-31T12:00:00Z"),
                new("createdBefore", "Only jobs made before.", "2026-02-01T00:00:00Z"),
                new("label.project", "label.KEY=VALUE: only jobs with this label.", "atlas"),
                new("text", "Only jobs with this text in their name, id or a label, in either case.", "tissue"),
            ],
        },
        ["CancelJob"] = new("Stop a job", 202, typeof(JobStatus), Examples.Status)
        {
            Others = new Dictionary<int, string> { [200] = "It is CANCELLED already." },
            OtherAnswers = new Dictionary<int, (Type, string)> { [200] = (typeof(JobStatus), Examples.Status) },
            Errors = [Code.JobNotFound, Code.JobAlreadyTerminal],
        },
        ["RetryJob"] = new(
            "Run a failed job on from what it has committed, or a cancelled one from its start", 202, typeof(JobStatus),
            Examples.Status)
        {
            Errors = [Code.JobNotFound, Code.JobAlreadyTerminal],
        },
        ["DeleteJob"] = new("Remove an ended job with its result", 204) { Errors = [Code.JobNotFound, Code.ResultNotReady] },
        ["GetResult"] = new("Rows of the result", 200, typeof(ResultRows), Examples.Rows)
        {
            Parameters = [Offset, Limit, Table], Forms = RowForms,
            Errors = [Code.JobNotFound, Code.ResultNotReady, Code.ResultExpired, Code.NotFound, Code.NotAcceptable],
        },
        ["ListResultParts"] = new("Parts of the result, which in order are the result", 200, typeof(ResultParts), Examples.Parts)
        {
            Errors = [Code.JobNotFound, Code.ResultNotReady, Code.ResultExpired],
        },
        ["GetResultPart"] = new("Rows of one part of the result", 200, typeof(ResultRows), Examples.Rows)
        {
            Forms = RowForms,
            Errors = [Code.JobNotFound, Code.ResultNotReady, Code.ResultExpired, Code.NotAcceptable, Code.NotFound],
        },
        ["GetQuarantine"] = new("Rows that were set aside", 200, typeof(ResultRows), Examples.Quarantine)
        {
            Parameters = [Offset, Limit], Forms = RowForms,
            Errors = [Code.JobNotFound, Code.ResultNotReady, Code.ResultExpired, Code.NotAcceptable],
        },
        ["ListPartitions"] = new("Partitions and their attempts", 200, typeof(PartitionList), Examples.Partitions)
        {
            Parameters = [PageSize, PageToken with { Example = "0.3" }, new("stage", "Only this stage.", "0", IsNumber: true)],
            Errors = [Code.JobNotFound],
        },
        ["GetPlan"] = new(
            "The plan that the job runs", 200, typeof(PlanDocument), Examples.Plan)
            {
                Errors = [Code.JobNotFound, Code.ResultNotReady],
            },
        ["GetLog"] = new("What happened to the job", 200, typeof(JobLog), Examples.Log) { Errors = [Code.JobNotFound] },
        ["ListCallbacks"] = new(
            "Deliveries of the job's callbacks", 200, typeof(CallbackList), Examples.Callbacks) { Errors = [Code.JobNotFound] },
        ["GetEvents"] = new("Changes as server-sent events", 200)
        {
            Forms = ["text/event-stream"],
            Others = new Dictionary<int, string> { [204] = "The job has ended and everything was told." },
            Description = "phase for each change of phase, status with the status document, and with partitions=true also "
                + "partitions with the states that "
                + "have changed (a PartitionsEvent; the first one of a stream has all of them).",
            Parameters =
            [
                new("partitions", "true adds the event partitions.", "true", IsFlag: true),
                new("Last-Event-ID", "Id of the last event that was seen; the stream goes on after it.", "3.417", IsHeader: true),
            ],
            Errors = [Code.JobNotFound],
        },
        ["GetClusterEvents"] = new("Changes of the whole cluster as server-sent events", 200)
        {
            Forms = ["text/event-stream"],
            Description = "job with the status document of a job that has changed, worker with a worker whose state or busy "
                + "slots have, decision with a scaling "
                + "decision. After a reconnect the end of a job may be told twice; it is never missed.",
            Parameters = [
                new("Last-Event-ID", "Id of the last event that was seen; what has ended since is told.", "1769860800000",
                    IsHeader: true)],
        },
        ["GetJob"] = new("A job as it was submitted, and where it is", 200, typeof(JobStatus), Examples.Status)
        {
            Description = "The status document with 'spec', which is the job as it was submitted without the secret of its "
                + "callback, 'owner', and 'decided'.",
            Errors = [Code.JobNotFound],
        },
        ["SummarizePartitions"] = new(
            "All partitions in one small answer", 200, typeof(PartitionSummary), Examples.Summary)
            {
                Errors = [Code.JobNotFound],
            },
        ["GetJobTimeline"] = new("Attempts of a job as bars over time", 200, typeof(Timeline), Examples.Timeline)
        {
            Description =
                "Above 5,000 attempts, neighbours of one slot, stage and state are merged.", Errors = [Code.JobNotFound],
        },
        ["GetTimeline"] = new("Attempts of all jobs as bars over time", 200, typeof(Timeline), Examples.Timeline)
        {
            Description = "Of jobs that were submitted within a day before 'from', and of all that have not ended.",
            Parameters =
            [
                new("from", "Begin of the span; 15 minutes before its end when absent.", "2026-01-31T12:00:00Z"),
                new("to", "End of the span; now when absent.", "2026-01-31T12:15:00Z"),
                new("resolution", "Bars at most, 1 to 5000; above that neighbours are merged.", "1000", IsNumber: true),
            ],
        },
        ["GetStory"] = new(
            "A job in words, with what stands out and what would change it", 200, typeof(JobStory), Examples.Story)
            {
                Errors = [Code.JobNotFound],
            },
        ["GetProfile"] = new(
            "The engine's operators, merged over the partitions of each stage", 200, typeof(JobProfile), Examples.Profile)
        {
            Errors = [Code.JobNotFound],
        },
        ["PreviewData"] = new(
            "First rows of a dataset as a job would read them; nothing is kept", 200, typeof(RowsPreview), Examples.RowsPreview)
        {
            Body = typeof(PreviewRequest), BodyExample = """{"limit":20}""",
            Errors = [.. OfData, Code.PayloadTooLarge, Code.UnsupportedMediaType],
        },
        ["BrowseData"] = new("Folders and files below the data roots", 200, typeof(BrowsePage), Examples.Browse)
        {
            Parameters =
            [
                new("path", "The folder, as a source would name it; the data roots when absent.", "expression"),
                PageSize with
                {
                    Description = "Entries of a page, 1 to 500; 500 when absent.",
                }, PageToken with { Example = "500" },
            ],
            Errors = [Code.PathNotAllowed, Code.DatasetNotFound, Code.DatasetNotReadable],
        },
        ["OpenSession"] = new(
            "Sign a browser in with the key or token of the Authorization header", 200, typeof(SessionInfo), Examples.Session)
        {
            Description = "Sets a cookie (HttpOnly, SameSite=Strict) for eight hours, which ends with its key. On loopback "
                + "without keys there is nothing to keep.",
        },
        ["GetSession"] = new("Who calls", 200, typeof(SessionInfo), Examples.Session),
        ["CloseSession"] = new("Sign a browser out", 204),
        ["PartitionData"] = new("Schema and partitions of a dataset; nothing runs", 200, typeof(DatasetPreview), Examples.Preview)
        {
            Body = typeof(PartitionRequest), BodyExample = """{"partitioning":{"targetBytes":104857600}}""",
            Errors = [.. OfData, Code.PayloadTooLarge, Code.UnsupportedMediaType],
        },
        ["GetQueueStatus"] = new("What waits, and why", 200, typeof(QueueStatus), Examples.Queue)
        {
            Parameters = [PageSize,
                new("pageToken", "nextPageToken of the page before.", "1-638000000000000000-01JD0000000000000000000001")],
        },
        ["GetClusterStatus"] = new("The cluster and its workers", 200, typeof(ClusterStatus), Examples.Cluster),
        ["ListScalingDecisions"] = new(
            "Scaling decisions, the latest last", 200, typeof(IReadOnlyList<ScalingDecision>), Examples.Decisions),
        ["StartCluster"] = new("Start workers", 202, typeof(ClusterStatus), Examples.Cluster)
        {
            Body = typeof(ClusterStart), IsBodyOptional = true,
            BodyExample = """{"workers":4,"slotsPerWorker":1,"memoryPerWorkerBytes":2147483648}""",
            Others = new Dictionary<int, string> { [200] = "It runs at that size already." },
            OtherAnswers = new Dictionary<int, (Type, string)> { [200] = (typeof(ClusterStatus), Examples.Cluster) },
            Errors = [Code.ScalingNotSupported],
        },
        ["StopCluster"] = new("Stop all workers; jobs stay resumable", 202, typeof(ClusterStatus), Examples.Cluster)
        {
            Body = typeof(ClusterStop), IsBodyOptional = true, BodyExample = """{"mode":"DRAIN"}""",
            Errors = [Code.ScalingNotSupported],
        },
        ["ScaleCluster"] = new(
            "Change the number of workers, or turn autoscaling on", 202, typeof(ClusterStatus), Examples.Cluster)
        {
            Body = typeof(ClusterScale), BodyExample = """{"workers":8}""", Errors = [Code.ScalingNotSupported],
        },
        ["DrainWorker"] = new(
            "One worker takes nothing new and leaves when it is idle; another takes its place", 202, typeof(ClusterStatus),
            Examples.Cluster)
        {
            Errors = [Code.NotFound, Code.ScalingNotSupported],
        },
        ["GetClusterMetrics"] = new("Figures now, and over a span of time", 200, typeof(MetricsDocument), Examples.Metrics)
        {
            Parameters =
            [
                new("since", "Begin of the span; an hour before its end when absent.", "2026-01-31T12:00:00Z"),
                new("until", "End of the span; now when absent.", "2026-01-31T13:00:00Z"),
                new("step", "Seconds of one window; a fitting number when absent.", "60", IsNumber: true),
                new("by", "worker adds the history of each worker.", "worker"),
            ],
        },
        ["GetResources"] = new("What is offered, handed out and used", 200, typeof(ResourceStatus), Examples.Resources),
        ["GetRecommendations"] = new(
            "What to change, and what that should bring", 200, typeof(RecommendationList), Examples.Recommendations),
        ["GetHealth"] = new("State of storage, membership and queue", 200, typeof(HealthDocument), Examples.Health)
        {
            Others = new Dictionary<int, string> { [503] = "The same document; a part is down." },
        },
        ["GetLive"] = new("The process answers", 204),
        ["GetReady"] = new("Jobs can be accepted and the configured workers are active", 200)
        {
            Others = new Dictionary<int, string> { [503] = "Not yet." },
        },
        ["ListKeys"] = new("API keys", 200, typeof(KeyList), $$"""{"items":[{{Examples.Key}}]}"""),
        ["CreateKey"] = new(
            "Make an API key; it is shown this once", 201, typeof(CreatedKey),
            $$"""{"key":{{Examples.Key}},"secret":"oc_1f2e3d4c_..."}""")
        {
            Body = typeof(NewKey), BodyExample = """{"name":"nightly","role":"SUBMITTER","expiresAt":"2027-01-01T00:00:00Z"}""",
            Errors = [Code.PayloadTooLarge, Code.UnsupportedMediaType],
        },
        ["RevokeKey"] = new("End an API key for good", 204) { Errors = [Code.NotFound] },
        ["ListAudit"] = new("The audit log, newest first", 200, typeof(AuditList), Examples.Audit)
        {
            Parameters = [PageSize, PageToken with { Example = "1201" }],
        },
        ["VerifyAudit"] = new(
            "Whether every entry of the audit log is as it was written", 200, typeof(AuditCheck),
            """{"intact":true,"entries":1201,"firstBroken":null}"""),
    };

    /// <summary>Refusals that every operation may answer with.</summary>
    public static IReadOnlyList<Contracts.ProblemCode> Everywhere { get; } =
        [Code.ValidationFailed, Code.Unauthenticated, Code.Forbidden, Code.RateLimited, Code.Internal, Code.StorageUnavailable];
}
