using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// An S3-compatible object store. Section "S3". Credentials that are not given here come from the usual chain: environment,
/// profile, the role of the machine or pod. They stay in the silos; executors get addresses that are signed for single objects,
/// to read them.
/// </summary>
internal sealed class S3Options : IValidatableObject
{
    public const string Section = "S3";

    /// <summary>Address of the store, such as <c>https://minio.example.org:9000</c>; that of AWS when null or empty.</summary>
    public string? Endpoint { get; set; }

    /// <summary>Region; for stores that have none, any. From the usual chain when null.</summary>
    public string? Region { get; set; }

    /// <summary>Whether buckets are in the path instead of in the host name, as most stores other than AWS want it.</summary>
    public bool PathStyle { get; set; }

    /// <summary>Id of the access key; from the usual chain when null.</summary>
    public string? AccessKeyId { get; set; }

    /// <summary>
    /// The secret of the access key. Give it by the environment (<c>S3__SecretAccessKey</c>) or a file, never on a command line.
    /// </summary>
    public string? SecretAccessKey { get; set; }

    /// <summary>PEM file with the authorities of the store's certificate; the system's when null.</summary>
    public string? CaFile { get; set; }

    /// <summary>
    /// What sources and outputs may name, each <c>s3://bucket</c> or <c>s3://bucket/prefix</c>; nothing when empty.
    /// </summary>
    public IList<string> Roots { get; init; } = [];

    /// <summary>
    /// How long the address of an object that an attempt reads is good. Longer than the longest partition. Default 12 h; 1 min to
    /// 7 days, which is the most that a store signs for.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan UrlLifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>
    /// Bytes of a part of an object that is written in parts; smaller objects are written at once. Default 16 MiB; 5 MiB, the
    /// least that stores take, to 1 GiB.
    /// </summary>
    [Range(5L << 20, 1L << 30)]
    public long PartBytes { get; set; } = 16L << 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if ((AccessKeyId is null) != (SecretAccessKey is null))
        {
            yield return new ValidationResult(
                "S3:AccessKeyId and S3:SecretAccessKey belong together: give both, or neither for the usual chain.");
        }

        foreach (var root in Roots.Where(root => !S3Path.TryParse(root, out _)))
        {
            yield return new ValidationResult(
                $"S3:Roots has '{root}', which is not of the form s3://bucket or s3://bucket/prefix.");
        }

        if (Endpoint is { Length: > 0 }
            && (!Uri.TryCreate(Endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")))
        {
            yield return new ValidationResult(
                "S3:Endpoint must be an http or https address, such as https://minio.example.org:9000.");
        }

        if (CaFile is not null && !File.Exists(CaFile))
        {
            yield return new ValidationResult($"S3:CaFile names '{CaFile}', which does not exist.");
        }
    }
}
