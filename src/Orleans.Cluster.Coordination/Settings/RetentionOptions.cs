using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>How long things are kept that nobody works on any more. Section "Retention".</summary>
internal sealed class RetentionOptions : IValidatableObject
{
    public const string Section = "Retention";

    /// <summary>
    /// Results, rows set aside, and what a failed job had committed, after its end. Default 7 days; 1 min to 10 years.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Results { get; set; } = TimeSpan.FromDays(7);

    /// <summary>An ended job itself: its status, history and attempts. Default 90 days; 1 min to 10 years.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Jobs { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Events that were posted to a callback, or given up. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Events { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Entries of the audit log. Default 400 days; 1 day to 10 years.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan Audit { get; set; } = TimeSpan.FromDays(400);

    /// <summary>
    /// Artifacts of a job that the database does not know, since their last change. Default 1 h; 0 to 365 days.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan UnknownJobs { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often artifacts are swept. Default 30 s; 1 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Jobs < Results)
        {
            yield return new ValidationResult(
                $"Retention:Jobs ({Jobs}) must not be below Retention:Results ({Results}): " +
                "a job's artifacts would go with its row, before their time.",
                [nameof(Jobs), nameof(Results)]);
        }
    }
}
