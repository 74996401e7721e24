using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Gateway.Callbacks;

/// <summary>How changes of phase are posted. Section "Callbacks".</summary>
internal sealed class CallbackOptions
{
    public const string Section = "Callbacks";

    /// <summary>
    /// Whether receivers may be on loopback, private and link-local addresses, which a job's author could otherwise use to reach
    /// what only this machine reaches.
    /// </summary>
    public bool AllowPrivateTargets { get; init; }

    /// <summary>Longest wait for a receiver's answer. Default 15 s; 100 ms to 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Wait after the first refusal; it doubles with each, up to <see cref="LongestDelay"/>. Default 2 s; 10 ms to 1 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait between two tries. Default 1 h; 10 ms to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long an event is tried for. Default 3 days; 1 s to 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromDays(3);
}
