using System.ComponentModel.DataAnnotations;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>How the number of workers follows the load, and how often it is looked after. Section "Scaling".</summary>
internal sealed class AutoscalerOptions : IValidatableObject
{
    public const string Section = "Scaling";

    /// <summary>How often the number of workers is compared with what is wanted. Default 500 ms; 100 ms to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:10")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long more workers must be needed before they are started. Default 3 s; 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan UpAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long fewer must be needed before some leave. Default 30 s; 5 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan DownAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What the start of a worker costs: less work than this is not worth one. Default 3 s; 100 ms to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan WorkerStart { get; set; } = TimeSpan.FromSeconds(3);

    public ScalingRules Rules => new(UpAfter, DownAfter, WorkerStart);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (DownAfter < UpAfter)
        {
            yield return new ValidationResult(
                $"Scaling:DownAfter ({DownAfter}) must not be below Scaling:UpAfter ({UpAfter}): the number of workers would "
                    + "swing.",
                [nameof(DownAfter), nameof(UpAfter)]);
        }

        if (UpAfter < Interval)
        {
            yield return new ValidationResult(
                $"Scaling:UpAfter ({UpAfter}) must not be below Scaling:Interval ({Interval}): one sample would decide.",
                [nameof(UpAfter), nameof(Interval)]);
        }
    }
}
