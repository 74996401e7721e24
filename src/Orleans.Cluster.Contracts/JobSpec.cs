using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts;

/// <summary>How urgent a job is. Numbers are stored; they are never reused.</summary>
[GenerateSerializer, Alias("JobPriority")]
public enum JobPriority
{
    /// <summary>Runs when nothing else wants the slot, and within a bound all the same.</summary>
    Low = 0,

    /// <summary>The default.</summary>
    Normal = 1,

    /// <summary>Before normal work.</summary>
    High = 2,

    /// <summary>Takes the next free slot.</summary>
    Critical = 3,
}

/// <summary>What a job does with its source. In JSON a lower-case word.</summary>
[JsonConverter(typeof(OperationKindJsonConverter))]
[GenerateSerializer, Alias("OperationKind")]
public enum OperationKind
{
    /// <summary>Group and aggregate. See <see cref="AggregateParameters"/>.</summary>
    Aggregate = 0,

    /// <summary>Keep rows. See <see cref="FilterParameters"/>.</summary>
    Filter = 1,

    /// <summary>Keep or compute columns. See <see cref="SelectParameters"/>.</summary>
    Select = 2,

    /// <summary>Write again in another format.</summary>
    Convert = 3,

    /// <summary>Drop duplicates. See <see cref="DistinctParameters"/>.</summary>
    Distinct = 4,

    /// <summary>Order rows. See <see cref="SortParameters"/>.</summary>
    Sort = 5,

    /// <summary>Join two named sources. See <see cref="JoinParameters"/>.</summary>
    Join = 6,

    /// <summary>A repeatable random part. See <see cref="SampleParameters"/>.</summary>
    Sample = 7,

    /// <summary>Describe each column. See <see cref="ProfileParameters"/>.</summary>
    Profile = 8,

    /// <summary>Wide to long. See <see cref="MeltParameters"/>.</summary>
    Melt = 9,

    /// <summary>Long to wide. See <see cref="PivotParameters"/>.</summary>
    Pivot = 10,

    /// <summary>One SELECT. See <see cref="SqlParameters"/>.</summary>
    Sql = 11,
}

/// <summary>Operations are lower-case words in JSON, unlike all other enums.</summary>
public sealed class OperationKindJsonConverter() : JsonStringEnumConverter<OperationKind>(
    JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

/// <summary>What to do with a row that does not fit the schema.</summary>
public enum BadRowPolicy
{
    /// <summary>The job fails with the row's place and value.</summary>
    Fail = 0,

    /// <summary>The row is set aside with its place and reason, and counted.</summary>
    Quarantine = 1,
}

/// <summary>What a user asked for. Immutable; stored as it was accepted.</summary>
public sealed record JobSpec
{
    /// <summary>A name for people; not unique.</summary>
    [StringLength(256, MinimumLength = 1)]
    public string? Name { get; init; }

    /// <summary>What to do.</summary>
    public required OperationKind Operation { get; init; }

    /// <summary>How urgent; <c>NORMAL</c> when not given.</summary>
    [DefaultValue(JobPriority.Normal)]
    public JobPriority Priority { get; init; } = JobPriority.Normal;

    /// <summary>
    /// The input of operations with one input; null for the configured default dataset or when <c>sources</c> is used.
    /// </summary>
    public SourceSpec? Source { get; init; }

    /// <summary>Named inputs of <c>sql</c> and <c>join</c>.</summary>
    public IReadOnlyDictionary<string, SourceSpec>? Sources { get; init; }

    /// <summary>The operation's own parameters, as written.</summary>
    /// <remarks>Read them with <see cref="ReadParameters{T}"/>.</remarks>
    public JsonElement? Parameters { get; init; }

    /// <summary>Where the result goes; null keeps it with the job.</summary>
    public OutputSpec? Output { get; init; }

    /// <summary>How the source is split.</summary>
    public PartitioningSpec Partitioning { get; init; } = new();

    /// <summary>What each task needs.</summary>
    public ResourceRequest Resources { get; init; } = new();

    /// <summary>How failures are retried.</summary>
    public RetrySpec Retry { get; init; } = new();

    /// <summary>What happens to a row that does not fit.</summary>
    [DefaultValue(BadRowPolicy.Fail)]
    public BadRowPolicy OnBadRow { get; init; }

    /// <summary>Every stage starts only when all of its slots can be had at once.</summary>
    [DefaultValue(false)]
    public bool Gang { get; init; }

    /// <summary>
    /// The job fails with <c>job-timeout</c> when it has not ended this long after it was created; null for no limit.
    /// </summary>
    [Range(0.0, 31_536_000.0, MinimumIsExclusive = true)]
    public double? TimeoutSeconds { get; init; }

    /// <summary>Jobs that must succeed before this one starts.</summary>
    [MaxLength(1000)]
    public IReadOnlyList<JobId> DependsOn { get; init; } = [];

    /// <summary>Where to report changes of phase.</summary>
    public CallbackSpec? Callback { get; init; }

    /// <summary>Free words to find jobs by.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The parameters as their record; a record with only defaults when none were given.</summary>
    /// <exception cref="JsonException">They do not have that form. The gateway has checked before a job is accepted.</exception>
    public T ReadParameters<T>()
        where T : class, new() =>
        Parameters is { ValueKind: JsonValueKind.Object } given ? given.Deserialize<T>(WireJson.Options) ?? new T() : new T();
}

/// <summary>How a source is split into partitions.</summary>
public sealed record PartitioningSpec
{
    /// <summary>Bytes that a partition should have at most, uncompressed; 1 KiB to 16 GiB.</summary>
    [DefaultValue(104_857_600L), Range(typeof(long), "1024", "17179869184")]
    public long TargetBytes { get; init; } = 104_857_600;

    /// <summary>At least so many partitions where the data can be cut so often; null for no wish.</summary>
    [Range(1, 1_000_000)]
    public int? MinPartitions { get; init; }

    /// <summary>At most so many partitions, which then are larger than <c>targetBytes</c>; null for no wish.</summary>
    [Range(1, 1_000_000)]
    public int? MaxPartitions { get; init; }
}

/// <summary>What one task of the job needs of a worker.</summary>
[GenerateSerializer, Immutable, Alias("ResourceRequest")]
public sealed record ResourceRequest
{
    /// <summary>Slots, each of which is one thread of the engine.</summary>
    [Id(0), DefaultValue(1), Range(1, 256)]
    public int Cpu { get; init; } = 1;

    /// <summary>Memory that the task's executor may use in all.</summary>
    [Id(1), DefaultValue(1_073_741_824L), Range(typeof(long), "134217728", "1125899906842624")]
    public long MemoryBytes { get; init; } = 1_073_741_824;

    /// <summary>Whole GPUs.</summary>
    [Id(2), DefaultValue(0), Range(0, 64)]
    public int Gpu { get; init; }
}

/// <summary>How a failed attempt is tried again.</summary>
public sealed record RetrySpec
{
    /// <summary>
    /// Attempts that may fail by the partition's own fault before the job fails, from 1. A lost worker does not count.
    /// </summary>
    [DefaultValue(3), Range(1, 100)]
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Wait before the second attempt, milliseconds.</summary>
    [DefaultValue(500), Range(0, 3_600_000)]
    public int InitialBackoffMs { get; init; } = 500;

    /// <summary>Longest wait, milliseconds.</summary>
    [DefaultValue(30_000), Range(0, 86_400_000)]
    public int MaxBackoffMs { get; init; } = 30_000;

    /// <summary>Growth of the wait from one attempt to the next, from 1.</summary>
    [DefaultValue(2.0), Range(1.0, 100.0)]
    public double Multiplier { get; init; } = 2.0;
}

/// <summary>Where changes of phase are posted.</summary>
public sealed record CallbackSpec
{
    /// <summary>An absolute http or https address.</summary>
    [StringLength(2048, MinimumLength = 1)]
    public required string Url { get; init; }

    /// <summary>Signs each message; never shown again.</summary>
    [StringLength(512, MinimumLength = 1)]
    public string? Secret { get; init; }
}

/// <summary>Where and how a result is written.</summary>
public sealed record OutputSpec
{
    /// <summary>A folder inside the data roots, made when absent.</summary>
    [StringLength(4096, MinimumLength = 1)]
    public required string Path { get; init; }

    /// <summary>Format of the files.</summary>
    [DefaultValue(OutputFormat.Parquet)]
    public OutputFormat Format { get; init; } = OutputFormat.Parquet;

    /// <summary>What happens when the folder already holds an output.</summary>
    [DefaultValue(OutputMode.ErrorIfExists)]
    public OutputMode Mode { get; init; }

    /// <summary>Columns whose values become folders (<c>key=value</c>).</summary>
    public IReadOnlyList<string> PartitionBy { get; init; } = [];

    /// <summary>Codec name (<c>zstd</c>, <c>snappy</c>, <c>gzip</c>, <c>none</c>); null for the format's default.</summary>
    [AllowedValues("zstd", "snappy", "gzip", "lz4", "brotli", "none", null)]
    public string? Compression { get; init; }

    /// <summary>Bytes after which a new file is begun; null for one file a task.</summary>
    [Range(typeof(long), "1024", "17179869184")]
    public long? FileBytes { get; init; }
}

/// <summary>Format of result files.</summary>
public enum OutputFormat
{
    /// <summary>Apache Parquet.</summary>
    Parquet = 0,

    /// <summary>Comma-separated with a header line.</summary>
    Csv = 1,

    /// <summary>Tab-separated with a header line.</summary>
    Tsv = 2,

    /// <summary>One JSON object a line.</summary>
    Ndjson = 3,
}

/// <summary>What happens when an output folder already holds an output.</summary>
public enum OutputMode
{
    /// <summary>The job is refused with <c>output-exists</c>.</summary>
    ErrorIfExists = 0,

    /// <summary>The new output replaces the old one at once, when the job succeeds.</summary>
    Overwrite = 1,

    /// <summary>The new files join the old ones at once, when the job succeeds.</summary>
    Append = 2,
}
