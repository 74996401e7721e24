using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>Which workload of which Kubernetes cluster the workers are. Section "Scaling:Kubernetes".</summary>
internal sealed class KubernetesOptions : IValidatableObject
{
    public const string Section = "Scaling:Kubernetes";

    private const string NamePattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";

    /// <summary>
    /// Kind of the workload. The ordinals of a StatefulSet must begin at 0, which they do unless it says otherwise.
    /// </summary>
    [EnumDataType(typeof(WorkloadKind))]
    public WorkloadKind Kind { get; set; } = WorkloadKind.StatefulSet;

    /// <summary>Name of the workload.</summary>
    [Required, RegularExpression(NamePattern,
        ErrorMessage = "Scaling:Kubernetes:Name must be a name as Kubernetes has them: lower-case letters, digits and '-', at "
            + "most 63.")]
    public string Name { get; set; } = "orleans-cluster-worker";

    /// <summary>Its namespace; that of this process's own pod, or of the kubeconfig's context, when null.</summary>
    [RegularExpression(NamePattern,
        ErrorMessage = "Scaling:Kubernetes:Namespace must be a name as Kubernetes has them: lower-case letters, digits and '-', "
            + "at most 63.")]
    public string? Namespace { get; set; }

    /// <summary>
    /// A kubeconfig file. When null, the service account of this process's pod; outside of a pod, the file that kubectl would
    /// take.
    /// </summary>
    public string? KubeConfig { get; set; }

    /// <summary>Context of the kubeconfig; its current one when null.</summary>
    public string? Context { get; set; }

    /// <summary>
    /// How long an answer of the API server is waited for. Default 5 s; 1 s to 9 s, which is less than a round of the reconciler
    /// may take.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:09")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (KubeConfig is { } file && !File.Exists(file))
        {
            yield return new ValidationResult(
                $"The file {file} of Scaling:Kubernetes:KubeConfig is not there.", [nameof(KubeConfig)]);
        }

        if (Context is not null && KubeConfig is null)
        {
            yield return new ValidationResult(
                "Scaling:Kubernetes:Context names a context of a file that is not given: set Scaling:Kubernetes:KubeConfig too.",
                [nameof(Context)]);
        }
    }
}

/// <summary>Kind of workload that workers are.</summary>
internal enum WorkloadKind
{
    StatefulSet,
    Deployment,
}
