using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Grains.Partitions;

/// <summary>How a worker behaves. Section "Worker".</summary>
internal sealed class WorkerOptions
{
    public const string Section = "Worker";

    /// <summary>How long a worker that shall leave waits for its running attempts. Default 10 min; above the longest partition.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Free bytes of the scratch disk below which a worker takes nothing new. Default 256 MiB.</summary>
    [Range(0, 1L << 50)]
    public long LeastScratchBytes { get; set; } = 256L << 20;
}
