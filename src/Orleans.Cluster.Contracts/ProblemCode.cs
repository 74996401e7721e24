using System.Collections.Frozen;

namespace Orleans.Cluster.Contracts;

/// <summary>Every error that a client can see: its word, its HTTP status, and whether the same request may work later.</summary>
public sealed record ProblemCode
{
    private ProblemCode(string word, int httpStatus, string title, bool isRetryable = false)
    {
        Word = word;
        HttpStatus = httpStatus;
        Title = title;
        IsRetryable = isRetryable;
    }

    /// <summary>The code as it stands in a problem document.</summary>
    public string Word { get; }

    /// <summary>HTTP status of a request that is refused with it. Codes that only end jobs have 422.</summary>
    public int HttpStatus { get; }

    /// <summary>One line for people, the same for every occurrence.</summary>
    public string Title { get; }

    /// <summary>Whether the same request may succeed later without a change.</summary>
    public bool IsRetryable { get; }

#pragma warning disable CS1591 // Each name is its word; its title says what it means.
    public static readonly ProblemCode ValidationFailed = new(
        "validation-failed", 400, "The request does not have the right form.");
    public static readonly ProblemCode Unauthenticated = new("unauthenticated", 401, "An API key is needed.");
    public static readonly ProblemCode Forbidden = new("forbidden", 403, "The key's role does not allow this.");
    public static readonly ProblemCode JobNotFound = new("job-not-found", 404, "There is no such job.");
    public static readonly ProblemCode JobAlreadyTerminal = new("job-already-terminal", 409, "The job has already ended.");
    public static readonly ProblemCode IdempotencyInFlight = new(
        "idempotency-in-flight", 409, "A request with this key is being handled.", true);
    public static readonly ProblemCode ScalingNotSupported = new(
        "scaling-not-supported", 409, "Workers of this cluster are run by hand.");
    public static readonly ProblemCode NotFound = new("not-found", 404, "There is nothing at this address.");
    public static readonly ProblemCode MethodNotAllowed = new(
        "method-not-allowed", 405, "The address does not take this method.");
    public static readonly ProblemCode NotAcceptable = new("not-acceptable", 406, "The answer has none of the forms asked for.");
    public static readonly ProblemCode UnsupportedMediaType = new("unsupported-media-type", 415, "The body must be JSON.");
    public static readonly ProblemCode PayloadTooLarge = new("payload-too-large", 413, "The request body is too large.");
    public static readonly ProblemCode IdempotencyKeyReused = new(
        "idempotency-key-reused", 422, "The key was used with another request.");
    public static readonly ProblemCode DatasetNotFound = new("dataset-not-found", 422, "No file matches the path.");
    public static readonly ProblemCode DatasetNotReadable = new("dataset-not-readable", 422, "A file cannot be read.");
    public static readonly ProblemCode SchemaConflict = new("schema-conflict", 422, "The files do not have one schema.");
    public static readonly ProblemCode ColumnNotFound = new("column-not-found", 422, "There is no such column.");
    public static readonly ProblemCode QueryInvalid = new("query-invalid", 422, "The query cannot be run.");
    public static readonly ProblemCode PathNotAllowed = new("path-not-allowed", 422, "The path is outside the data roots.");
    public static readonly ProblemCode JobTimeout = new("job-timeout", 422, "The job did not end in its time.");
    public static readonly ProblemCode OutOfMemory = new("out-of-memory", 422, "A task needs more memory than it asked for.");
    public static readonly ProblemCode OutOfDisk = new("out-of-disk", 422, "A task or job needs more disk than it may use.");
    public static readonly ProblemCode ExecutorCrashed = new(
        "executor-crashed", 422, "A partition ended its executor each time.");
    public static readonly ProblemCode BadRow = new("bad-row", 422, "A row does not fit the schema.");
    public static readonly ProblemCode ResourcesImpossible = new(
        "resources-impossible", 422, "No worker could ever meet the request.");
    public static readonly ProblemCode ResultNotReady = new("result-not-ready", 409, "The job has no result yet.", true);
    public static readonly ProblemCode ResultExpired = new("result-expired", 410, "The result has been removed.");
    public static readonly ProblemCode OutputExists = new("output-exists", 409, "The output folder already holds an output.");
    public static readonly ProblemCode OutputInUse = new("output-in-use", 409, "Another job writes to the output folder.", true);
    public static readonly ProblemCode OutputNotWritable = new(
        "output-not-writable", 422, "The output folder cannot be written.");
    public static readonly ProblemCode DependencyFailed = new(
        "dependency-failed", 422, "A job that this one depends on did not succeed.");
    public static readonly ProblemCode QueueFull = new("queue-full", 429, "The queue is full.", true);
    public static readonly ProblemCode QuotaExceeded = new(
        "quota-exceeded", 429, "The caller has used up its share of the cluster.", true);
    public static readonly ProblemCode RateLimited = new("rate-limited", 429, "Too many requests.", true);
    public static readonly ProblemCode Internal = new("internal", 500, "The cluster failed.", true);
    public static readonly ProblemCode StorageUnavailable = new(
        "storage-unavailable", 503, "The database does not answer.", true);
#pragma warning restore CS1591

    private static readonly FrozenDictionary<string, ProblemCode> ByWord = new[]
    {
        ValidationFailed, Unauthenticated, Forbidden, JobNotFound, JobAlreadyTerminal, IdempotencyInFlight, ScalingNotSupported,
        NotFound, MethodNotAllowed, NotAcceptable, UnsupportedMediaType, PayloadTooLarge, IdempotencyKeyReused, DatasetNotFound,
        DatasetNotReadable, SchemaConflict, ColumnNotFound, QueryInvalid,
        PathNotAllowed, JobTimeout, OutOfMemory, OutOfDisk, ExecutorCrashed, BadRow, ResourcesImpossible, ResultNotReady,
        ResultExpired,
        OutputExists, OutputInUse, OutputNotWritable, DependencyFailed, QueueFull, QuotaExceeded, RateLimited, Internal,
        StorageUnavailable,
    }.ToFrozenDictionary(code => code.Word, StringComparer.Ordinal);

    /// <summary>All codes.</summary>
    public static IReadOnlyCollection<ProblemCode> All => ByWord.Values;

    /// <summary>The code with that word; <see cref="Internal"/> for a word of a newer server.</summary>
    public static ProblemCode Parse(string word) => ByWord.GetValueOrDefault(word, Internal);

    /// <inheritdoc/>
    public override string ToString() => Word;
}
