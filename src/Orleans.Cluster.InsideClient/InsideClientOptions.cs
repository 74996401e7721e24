using System.ComponentModel.DataAnnotations;
using Orleans.Cluster.Client;

namespace Orleans.Cluster.InsideClient;

/// <summary>
/// How a service inside the trust boundary reaches its cluster: by the database that holds the membership. Section
/// "OrleansClusterInside".
/// </summary>
public sealed class InsideClientOptions : IValidatableObject
{
    /// <summary>Where the options are read from by default.</summary>
    public const string Section = "OrleansClusterInside";

    /// <summary>Connection string of the cluster's PostgreSQL database; null with <see cref="StateDirectory"/>.</summary>
    public string? Postgres { get; set; }

    /// <summary>
    /// State directory of an embedded cluster on this machine; null with <see cref="Postgres"/>. Each start of an embedded
    /// gateway is a new cluster, so a client of the one before gets no more answers and is opened anew.
    /// </summary>
    public string? StateDirectory { get; set; }

    /// <summary>
    /// Name of the cluster. With PostgreSQL <c>orleans-cluster</c> when null; embedded, what the gateway has written down in its
    /// directory.
    /// </summary>
    public string? ClusterId { get; set; }

    /// <summary>
    /// Name of the calling service, 1 to 64 characters: jobs that it submits belong to <c>service:NAME</c>, and so the audit log
    /// calls it. Default: the name of the program.
    /// </summary>
    [Required, StringLength(64, MinimumLength = 1)]
    public string Service { get; set; } = AppDomain.CurrentDomain.FriendlyName;

    /// <summary>
    /// PEM file of the certificate that silos want to see: one of <c>certificate client</c>, or another one of their authority.
    /// Null for the one that the silos of <see cref="StateDirectory"/> have made for clients of their user.
    /// </summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file of its private key, not encrypted; null when it stands in the file of the certificate.</summary>
    public string? CertificateKey { get; set; }

    /// <summary>
    /// PEM file of the authorities that silos must have a certificate of; null for the roots behind the certificate, or itself.
    /// </summary>
    public string? CertificateAuthority { get; set; }

    /// <summary>
    /// How long one call waits for its answer. A call that was at a silo when it was killed is never told so and waits all of it.
    /// Default 5 s; 3 s to 5 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:03", "00:05:00")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the list of silos to connect to is read anew. Default 10 s; 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan GatewayListRefreshPeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a call that may be made twice is made again after it has failed in passing. Default 30 s; 0 to 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a watch goes on through an outage; see <see cref="JobClientOptions.OutageTolerance"/>. Default 2 min; 0 to 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan OutageTolerance { get; set; } = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(Postgres) == string.IsNullOrEmpty(StateDirectory))
        {
            yield return new ValidationResult(
                $"Give either {nameof(Postgres)} or {nameof(StateDirectory)}: without one there is nothing to find the cluster "
                + "by.",
                [nameof(Postgres), nameof(StateDirectory)]);
        }
    }
}
