namespace Orleans.Cluster.Silo.Scaling;

/// <summary>What runs the workers. Section "Scaling", shared with <see cref="Grains.Scaling.AutoscalerOptions"/>.</summary>
internal sealed class ScalingOptions
{
    public const string Section = "Scaling";

    /// <summary>What runs workers.</summary>
    public ScaleTargetKind Target { get; set; } = ScaleTargetKind.LocalProcesses;

    /// <summary>Program of a local worker; this process's own when null. It gets the same arguments.</summary>
    public string? WorkerProgram { get; set; }
}

/// <summary>What runs the workers of a cluster.</summary>
internal enum ScaleTargetKind
{
    /// <summary>Child processes of the gateway.</summary>
    LocalProcesses,

    /// <summary>Nobody: they are started by hand or by another system.</summary>
    Fixed,
}
