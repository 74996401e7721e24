using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Orleans.Cluster.Coordination.Metrics;

/// <summary>Names under which this product is measured and traced; part of the contract with dashboards.</summary>
internal static class ClusterTelemetry
{
    public const string MeterName = "Orleans.Cluster";
    public const string ActivitySourceName = "Orleans.Cluster";

    /// <summary>What is measured in every process.</summary>
    public static readonly string[] Meters = [MeterName, "Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "System.Runtime"];

    /// <summary>Spans of jobs; <see cref="JobTrace"/> says which.</summary>
    public static readonly ActivitySource Activities = new(ActivitySourceName);

    public static readonly Meter Meter = new(MeterName);

    /// <summary>Attempts of this process that ended, by how.</summary>
    public static readonly Counter<long> Attempts = Meter.CreateCounter<long>(
        "orleans_cluster.attempts", "{attempt}", "Attempts that ended in this process");
}
