using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>How rows go from one stage to the next. Section "Exchange".</summary>
internal sealed class ExchangeOptions
{
    public const string Section = "Exchange";

    /// <summary>
    /// Targets of an exchange at most, which is how many tasks can share the work of the next stage. There are as many as the
    /// estimated bytes ask for, one for each 64 MiB; the number is part of a job's plan. Default 512; 1 to 4096.
    /// </summary>
    [Range(1, 4096)]
    public int MaxTargets { get; set; } = 512;
}
