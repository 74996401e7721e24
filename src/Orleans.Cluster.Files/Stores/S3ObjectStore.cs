using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;

namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// S3, and what speaks as it does. What the store says is never passed on as it is: it may quote a request with its signature.
/// </summary>
internal sealed class S3ObjectStore : IObjectStore, IDisposable
{
    // With pauses that grow to 20 s it bridges a restart of the store.
    private const int Retries = 9;

    private readonly S3Options options;
    private readonly Lazy<AmazonS3Client> lazy;
    private readonly TimeProvider clock;

    public S3ObjectStore(IOptions<S3Options> options, TimeProvider clock)
    {
        this.options = options.Value;
        this.clock = clock;

        // Most clusters never ask it, and the usual chain may look for credentials on the network.
        lazy = new Lazy<AmazonS3Client>(() => ClientOf(this.options));
    }

    private AmazonS3Client Client => lazy.Value;

    public async IAsyncEnumerable<ObjectInfo> List(S3Path prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = prefix.Bucket, Prefix = prefix.Key };
        ListObjectsV2Response page;
        do
        {
            page = await Ask(prefix, () => Client.ListObjectsV2Async(request, cancellationToken));
            foreach (var item in page.S3Objects ?? [])
            {
                yield return new ObjectInfo(new S3Path(prefix.Bucket, item.Key), item.Size
                    ?? 0, Utc(item.LastModified), item.ETag);
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    public async Task<ObjectInfo?> Stat(S3Path path, CancellationToken cancellationToken)
    {
        try
        {
            var found = await Client.GetObjectMetadataAsync(path.Bucket, path.Key, cancellationToken);
            return new ObjectInfo(path, found.ContentLength, Utc(found.LastModified), found.ETag);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
        catch (Exception e) when (IsStores(e))
        {
            throw Refused(path, e);
        }
    }

    public string Sign(S3Path path) => Client.GetPreSignedURL(new GetPreSignedUrlRequest
    {
        BucketName = path.Bucket,
        Key = path.Key,
        Verb = HttpVerb.GET,
        Expires = clock.GetUtcNow().UtcDateTime + options.UrlLifetime,
        Protocol = options.Endpoint?.StartsWith("http:", StringComparison.OrdinalIgnoreCase) == true
            ? Amazon.S3.Protocol.HTTP
            : Amazon.S3.Protocol.HTTPS,
    });

    public void Dispose()
    {
        if (lazy.IsValueCreated)
        {
            lazy.Value.Dispose();
        }
    }

    private static AmazonS3Client ClientOf(S3Options options) => options is { AccessKeyId: { } id, SecretAccessKey: { } secret }
        ? new AmazonS3Client(new BasicAWSCredentials(id, secret), ConfigOf(options))
        : new AmazonS3Client(ConfigOf(options));

    private static AmazonS3Config ConfigOf(S3Options options)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = Retries,
            // Sums behind the content, which the SDK would add by itself, are not known to every store.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.Endpoint is { Length: > 0 } endpoint)
        {
            config.ServiceURL = endpoint;
            config.AuthenticationRegion = options.Region ?? "us-east-1";
        }
        else if (options.Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        if (options.CaFile is { } authorities)
        {
            config.HttpClientFactory = new TrustingClientFactory(authorities);
        }

        return config;
    }

    private static DateTimeOffset Utc(DateTime? time) => new((time ?? DateTime.UnixEpoch).ToUniversalTime());

    private static async Task<T> Ask<T>(S3Path path, Func<Task<T>> question)
    {
        try
        {
            return await question();
        }
        catch (Exception e) when (IsStores(e))
        {
            throw Refused(path, e);
        }
    }

    private static bool IsStores(Exception e) => e is AmazonServiceException or AmazonClientException or HttpRequestException;

    private static ObjectStoreException Refused(S3Path path, Exception e) => new(
        e is AmazonServiceException { StatusCode: not 0 } answer
            ? $"The object store answered {(int)answer.StatusCode} ({answer.ErrorCode}) for {path}."
            : $"The object store cannot be reached for {path}, or no credentials for it were found (S3:AccessKeyId, or the usual "
            + "chain).",
        e);

    /// <summary>Clients that trust the given authorities alone.</summary>
    private sealed class TrustingClientFactory(string caFile) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPemFile(caFile);
            var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
            handler.SslOptions.CertificateChainPolicy = policy;
            return new HttpClient(handler);
        }
    }
}
