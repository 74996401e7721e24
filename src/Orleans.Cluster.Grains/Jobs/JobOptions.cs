using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Grains.Jobs;

/// <summary>How jobs are accepted. Section "Jobs".</summary>
internal sealed class JobOptions
{
    public const string Section = "Jobs";

    /// <summary>How long a submit may plan before the job is accepted without a plan. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan PlanBeforeAccept { get; set; } = TimeSpan.FromSeconds(1);
}
