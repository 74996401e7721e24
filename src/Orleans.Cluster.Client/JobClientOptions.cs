using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Client;

/// <summary>How a client reaches its cluster. Section "OrleansCluster".</summary>
public sealed class JobClientOptions
{
    /// <summary>Where the options are read from by default.</summary>
    public const string Section = "OrleansCluster";

    /// <summary>Base address of a gateway.</summary>
    [Required]
    public Uri Address { get; set; } = new("http://127.0.0.1:8001");

    /// <summary>Sent as a bearer token; none when null, as a gateway on loopback needs none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// Repetitions of a request that can be repeated safely, after it has failed in passing. Default 4; 0 to 10.
    /// </summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 4;

    /// <summary>Wait before the first repetition; it doubles with each, up to 5 s. Default 200 ms; 1 ms to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Longest wait for the head of an answer. Must be above <see cref="PollWait"/>. Default 100 s; 1 s to 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>How long one poll waits at the gateway for a change. Default 30 s; 1 s to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan PollWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a watch goes on through an outage before it gives up. Default 2 min; 0 to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan OutageTolerance { get; set; } = TimeSpan.FromMinutes(2);
}
