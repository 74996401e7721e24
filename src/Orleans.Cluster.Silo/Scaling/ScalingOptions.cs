using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>Who looks after workers, and how. Section "Scaling".</summary>
internal sealed class ScalingOptions
{
    public const string Section = "Scaling";

    /// <summary>What runs workers.</summary>
    public ScaleTargetKind Target { get; set; } = ScaleTargetKind.LocalProcesses;

    /// <summary>Program of a local worker; this process's own when null. It gets the same arguments.</summary>
    public string? WorkerProgram { get; set; }

    /// <summary>How often the number of workers is compared with what is wanted. Default 500 ms; 100 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(500);
}

/// <summary>What runs the workers of a cluster.</summary>
internal enum ScaleTargetKind
{
    /// <summary>Child processes of the gateway.</summary>
    LocalProcesses,

    /// <summary>Nobody: they are started by hand or by another system.</summary>
    Fixed,
}
