using System.ComponentModel.DataAnnotations;
using Orleans.Cluster.Planning.Resources;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>How a worker behaves. Section "Worker".</summary>
internal sealed class WorkerOptions
{
    public const string Section = "Worker";

    /// <summary>
    /// How long a worker that shall leave waits for its running attempts. Default 10 min; above the longest partition.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Free bytes of the disks of scratch and artifacts below which a worker takes nothing new. Default 256 MiB.
    /// </summary>
    [Range(0, 1L << 50)]
    public long LeastScratchBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Part of <see cref="PauseWindow"/> above which a worker that stands still again and again takes nothing new. Default 0.5; 1
    /// for never.
    /// </summary>
    [Range(0.05, 1.0)]
    public double MostPausedShare { get; set; } = 0.5;

    /// <summary>How far back pauses count, those of a second and longer. Default 20 s; 5 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan PauseWindow { get; set; } = TimeSpan.FromSeconds(20);

    public WorkerLimits Limits => new(LeastScratchBytes, MostPausedShare, PauseWindow);
}
