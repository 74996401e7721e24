using System.Collections.Frozen;

namespace Orleans.Cluster.Contracts;

/// <summary>Every error that a client can see: its word, its HTTP status, and whether the same request may work later.</summary>
public sealed record ErrorCode
{
    private ErrorCode(string word, int httpStatus, string title, bool isRetryable = false)
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
    public static readonly ErrorCode ValidationFailed = new("validation-failed", 400, "The request does not have the right form.");
    public static readonly ErrorCode Unauthenticated = new("unauthenticated", 401, "An API key is needed.");
    public static readonly ErrorCode Forbidden = new("forbidden", 403, "The key's role does not allow this.");
    public static readonly ErrorCode JobNotFound = new("job-not-found", 404, "There is no such job.");
    public static readonly ErrorCode JobAlreadyTerminal = new("job-already-terminal", 409, "The job has already ended.");
    public static readonly ErrorCode IdempotencyInFlight = new("idempotency-in-flight", 409, "A request with this key is being handled.", true);
    public static readonly ErrorCode ScalingNotSupported = new("scaling-not-supported", 409, "Workers of this cluster are run by hand.");
    public static readonly ErrorCode NotFound = new("not-found", 404, "There is nothing at this address.");
    public static readonly ErrorCode MethodNotAllowed = new("method-not-allowed", 405, "The address does not take this method.");
    public static readonly ErrorCode NotAcceptable = new("not-acceptable", 406, "The answer has none of the forms asked for.");
    public static readonly ErrorCode UnsupportedMediaType = new("unsupported-media-type", 415, "The body must be JSON.");
    public static readonly ErrorCode PayloadTooLarge = new("payload-too-large", 413, "The request body is too large.");
    public static readonly ErrorCode IdempotencyKeyReused = new("idempotency-key-reused", 422, "The key was used with another request.");
    public static readonly ErrorCode DatasetNotFound = new("dataset-not-found", 422, "No file matches the path.");
    public static readonly ErrorCode DatasetNotReadable = new("dataset-not-readable", 422, "A file cannot be read.");
    public static readonly ErrorCode SchemaConflict = new("schema-conflict", 422, "The files do not have one schema.");
    public static readonly ErrorCode ColumnNotFound = new("column-not-found", 422, "There is no such column.");
    public static readonly ErrorCode QueryInvalid = new("query-invalid", 422, "The query cannot be run.");
    public static readonly ErrorCode PathNotAllowed = new("path-not-allowed", 422, "The path is outside the data roots.");
    public static readonly ErrorCode JobTimeout = new("job-timeout", 422, "The job did not end in its time.");
    public static readonly ErrorCode OutOfMemory = new("out-of-memory", 422, "A task needs more memory than it asked for.");
    public static readonly ErrorCode OutOfDisk = new("out-of-disk", 422, "A task needs more temporary disk than it may use.");
    public static readonly ErrorCode ExecutorCrashed = new("executor-crashed", 422, "A partition ended its executor each time.");
    public static readonly ErrorCode BadRow = new("bad-row", 422, "A row does not fit the schema.");
    public static readonly ErrorCode ResourcesImpossible = new("resources-impossible", 422, "No worker could ever meet the request.");
    public static readonly ErrorCode ResultNotReady = new("result-not-ready", 409, "The job has no result yet.", true);
    public static readonly ErrorCode ResultExpired = new("result-expired", 410, "The result has been removed.");
    public static readonly ErrorCode OutputExists = new("output-exists", 409, "The output folder already holds an output.");
    public static readonly ErrorCode OutputInUse = new("output-in-use", 409, "Another job writes to the output folder.", true);
    public static readonly ErrorCode DependencyFailed = new("dependency-failed", 422, "A job that this one depends on did not succeed.");
    public static readonly ErrorCode QueueFull = new("queue-full", 429, "The queue is full.", true);
    public static readonly ErrorCode RateLimited = new("rate-limited", 429, "Too many requests.", true);
    public static readonly ErrorCode Internal = new("internal", 500, "The cluster failed.", true);
    public static readonly ErrorCode StorageUnavailable = new("storage-unavailable", 503, "The database does not answer.", true);
#pragma warning restore CS1591

    private static readonly FrozenDictionary<string, ErrorCode> ByWord = new[]
    {
        ValidationFailed, Unauthenticated, Forbidden, JobNotFound, JobAlreadyTerminal, IdempotencyInFlight, ScalingNotSupported,
        NotFound, MethodNotAllowed, NotAcceptable, UnsupportedMediaType, PayloadTooLarge, IdempotencyKeyReused, DatasetNotFound, DatasetNotReadable, SchemaConflict, ColumnNotFound, QueryInvalid,
        PathNotAllowed, JobTimeout, OutOfMemory, OutOfDisk, ExecutorCrashed, BadRow, ResourcesImpossible, ResultNotReady, ResultExpired,
        OutputExists, OutputInUse, DependencyFailed, QueueFull, RateLimited, Internal, StorageUnavailable,
    }.ToFrozenDictionary(code => code.Word, StringComparer.Ordinal);

    /// <summary>All codes.</summary>
    public static IReadOnlyCollection<ErrorCode> All => ByWord.Values;

    /// <summary>The code with that word; <see cref="Internal"/> for a word of a newer server.</summary>
    public static ErrorCode Parse(string word) => ByWord.GetValueOrDefault(word, Internal);

    /// <inheritdoc/>
    public override string ToString() => Word;
}
