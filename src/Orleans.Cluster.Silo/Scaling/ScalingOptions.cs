namespace Orleans.Cluster.Silo.Scaling;

/// <summary>What runs the workers. Section "Scaling", shared with <see cref="Grains.Scaling.AutoscalerOptions"/>.</summary>
internal sealed class ScalingOptions
{
    public const string Section = "Scaling";

    /// <summary>What runs workers.</summary>
    public ScaleTargetKind Target { get; set; } = ScaleTargetKind.LocalProcesses;

    /// <summary>Program of a local worker; this process's own when null. It gets the same arguments.</summary>
    public string? WorkerProgram { get; set; }

    /// <summary>Address of the Docker engine; the engine's usual one when null.</summary>
    public Uri? DockerEndpoint { get; set; }

    /// <summary>Compose project whose workers are scaled; that of this process's own container when null.</summary>
    public string? ComposeProject { get; set; }

    /// <summary>Name of the worker service in the compose project.</summary>
    public string WorkerService { get; set; } = "worker";
}

/// <summary>What runs the workers of a cluster.</summary>
internal enum ScaleTargetKind
{
    /// <summary>Child processes of the gateway.</summary>
    LocalProcesses,

    /// <summary>Containers of a compose project, through the Docker engine.</summary>
    Docker,

    /// <summary>Pods of a StatefulSet or Deployment, through the Kubernetes API.</summary>
    Kubernetes,

    /// <summary>Nobody: they are started by hand or by another system.</summary>
    Fixed,
}
