using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Orleans.Cluster.Grains;

/// <summary>Names under which this product is measured and traced; part of the contract with dashboards.</summary>
internal static class ClusterTelemetry
{
    public const string MeterName = "Orleans.Cluster";
    public const string ActivitySourceName = "Orleans.Cluster";

    /// <summary>Spans of jobs: one for each attempt, under the trace of the job.</summary>
    public static readonly ActivitySource Activities = new(ActivitySourceName);

    public static readonly Meter Meter = new(MeterName);

    /// <summary>Attempts of this process that ended, by how.</summary>
    public static readonly Counter<long> Attempts = Meter.CreateCounter<long>("orleans_cluster.attempts", "{attempt}", "Attempts that ended in this process");

    /// <summary>
    /// The trace of a job, the same in every process without being sent: a ULID and a trace id both have 128 bits, so one is made of the other.
    /// </summary>
    public static ActivityContext TraceOf(Contracts.JobId job)
    {
        var bytes = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(job.Value));
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(bytes.AsSpan(0, 16)), ActivitySpanId.CreateFromBytes(bytes.AsSpan(16, 8)), ActivityTraceFlags.Recorded);
    }
}
