using System.ComponentModel.DataAnnotations;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>How tasks wait and how workers hold them. Section "Queue".</summary>
internal sealed class QueueOptions : IValidatableObject
{
    public const string Section = "Queue";

    /// <summary>
    /// How long a worker holds its attempts without a report before they are given to others. Default 15 s; 5 s to 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long an executor goes on without hearing from its silo. Default 10 s: a machine under load stalls for seconds. Below
    /// <see cref="LeaseDuration"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan ExecutorDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a report is held when there is no order for the worker. Default 1 s; 100 ms to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:10")]
    public TimeSpan ReportHold { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the queue reads the job rows again although nobody told it of a change. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:01:00")]
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a gang may keep free slots that do not suffice for it yet; then others have a turn as long. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan GangTurn { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the slots of a gang are kept until all of its workers have said that they keep theirs. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan GangConfirmation { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a gang that lost a member waits for another, before its other members are given back and it begins together
    /// again. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan GangReplacement { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// After this long a waiting job is ahead of all that is one priority above it. Default 3 min 20 s, so that LOW reaches
    /// CRITICAL in 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PriorityRise { get; set; } = TimeSpan.FromSeconds(200);

    /// <summary>Jobs that have not ended, at most; above, a submit is refused with <c>queue-full</c>. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxActiveJobs { get; set; } = 10_000;

    /// <summary>
    /// Of them, those of one caller who is not an administrator, where callers have keys. Null for no bound of its own. Default
    /// 2,500.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaxActiveJobsPerCaller { get; set; } = 2_500;

    /// <summary>
    /// Partitions that wait, of all jobs of one caller who is not an administrator, where callers have keys; a job that would
    /// bring it above is refused, or ends, with <c>quota-exceeded</c>. Null for no bound. Default 250,000.
    /// </summary>
    [Range(1, 100_000_000)]
    public int? MaxWaitingPartitionsPerCaller { get; set; } = 250_000;

    /// <summary>The role that may submit with priority CRITICAL. Default ADMIN.</summary>
    public AccessRole CriticalRole { get; set; } = AccessRole.Admin;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ExecutorDeadline >= LeaseDuration)
        {
            yield return new ValidationResult(
                $"Queue:ExecutorDeadline ({ExecutorDeadline}) must be below Queue:LeaseDuration ({LeaseDuration}): " +
                "otherwise a frozen worker's executor would still run when its partition is given to another.",
                [nameof(ExecutorDeadline), nameof(LeaseDuration)]);
        }
    }
}
