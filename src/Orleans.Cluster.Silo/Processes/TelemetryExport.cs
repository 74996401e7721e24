using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// Traces and figures to a collector, by OTLP. On when OTEL_EXPORTER_OTLP_ENDPOINT is set, as variable or setting; the other
/// variables of that specification (protocol, headers, sampler, resource attributes) hold too.
/// </summary>
internal static class TelemetryExport
{
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddTelemetryExport(this IHostApplicationBuilder builder, SiloRole role)
    {
        if (builder.Configuration[Endpoint] is not { Length: > 0 } endpoint)
        {
            return;
        }

        // The exporter would drop everything in silence.
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new StartRefusedException($"{Endpoint} must be an address such as http://127.0.0.1:4317, and is '{endpoint}'.");
        }

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService(
                    "orleans-cluster", serviceVersion: ProductVersion.Current, autoGenerateServiceInstanceId: false,
                    serviceInstanceId: $"{role}-{Environment.MachineName}-{Environment.ProcessId}".ToLowerInvariant())
                .AddEnvironmentVariableDetector())
            .WithTracing(tracing => tracing.AddSource(ClusterTelemetry.ActivitySourceName, "Microsoft.AspNetCore")
                .AddOtlpExporter())
            .WithMetrics(metrics => metrics.AddMeter(ClusterTelemetry.Meters).AddOtlpExporter());
    }
}
