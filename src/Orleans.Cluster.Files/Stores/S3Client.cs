using System.Security.Cryptography.X509Certificates;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Orleans.Cluster.Files.Stores;

/// <summary>Makes the client of an S3-compatible store as it is configured.</summary>
internal static class S3Client
{
    // It corrects its clock by the store's when it tries again; who waits for the store is StorePatience.
    private const int Retries = 1;

    public static AmazonS3Client Of(S3Options options) => options is { AccessKeyId: { } id, SecretAccessKey: { } secret }
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
