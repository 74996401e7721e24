using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>How jobs are accepted. Section "Jobs".</summary>
internal sealed class JobOptions
{
    public const string Section = "Jobs";

    /// <summary>How long a submit may plan before the job is accepted without a plan. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan PlanBeforeAccept { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Longest time of a job from its submit to its end, but for administrators' where callers have keys; one that asks for
    /// more, or for no bound, has this one. It bounds for how long a caller's tasks can keep slots for which others wait. Null
    /// for none.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan? LongestRun { get; set; }

    /// <summary>
    /// Bytes that attempts of one job may have written into the artifact store, those that still run too. A job above it ends
    /// with <c>out-of-disk</c>, so that one that multiplies its rows leaves room for others. Default 1 TiB; 1 MiB to 1 EiB.
    /// </summary>
    [Range(typeof(long), "1048576", "1152921504606846976")]
    public long MaxArtifactBytes { get; set; } = 1L << 40;

    /// <summary>
    /// The same of all jobs of one caller who is not an administrator, where callers have keys: of those that run, and of ended
    /// ones whose results or committed partitions are kept. Above it submits are refused, and jobs that run end, with
    /// <c>quota-exceeded</c>. Null for no bound. Default 4 TiB; 1 MiB to 1 EiB.
    /// </summary>
    [Range(typeof(long), "1048576", "1152921504606846976")]
    public long? MaxArtifactBytesPerCaller { get; set; } = 1L << 42;

    /// <summary>
    /// How long a repeated submit waits for the first one with its key before it gets <c>idempotency-in-flight</c>. Default 20 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan RepeatPatience { get; set; } = TimeSpan.FromSeconds(20);
}
