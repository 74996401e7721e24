using System.Net.Http.Json;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>The bucket of an S3 server, as a test fills it and looks into it.</summary>
public sealed class S3Bucket : IDisposable
{
    /// <summary>Where a cluster that keeps its artifacts here has them.</summary>
    public const string Artifacts = "kept/artifacts";

    private readonly S3Server server;

    public S3Bucket(S3Server server)
    {
        this.server = server;
        Client = new AmazonS3Client(
            new BasicAWSCredentials(S3Server.AccessKeyId, S3Server.SecretAccessKey),
            new AmazonS3Config
            {
                ServiceURL = server.Address.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1",
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
                HttpClientFactory = new Handlers(server),
            });
    }

    public AmazonS3Client Client { get; }

    /// <summary>Settings of a cluster that keeps its artifacts here, without the secret.</summary>
    public static IReadOnlyList<string> StoreSettings { get; } =
    [
        $"--Cluster:ArtifactStore=s3://{S3Server.Bucket}/{Artifacts}", "--S3:PartBytes=5242880",
        "--Retention:SweepInterval=00:00:02", "--Retention:UnknownJobs=00:00:00",
    ];

    /// <summary>The secret, in the environment, as one should do.</summary>
    public static IReadOnlyDictionary<string, string> Secrets { get; } = new Dictionary<string, string>
    {
        ["S3__AccessKeyId"] = S3Server.AccessKeyId,
        ["S3__SecretAccessKey"] = S3Server.SecretAccessKey,
    };

    /// <summary>Keys that begin so, in order.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync(string prefix)
    {
        var keys = new List<string>();
        var request = new ListObjectsV2Request { BucketName = S3Server.Bucket, Prefix = prefix };
        ListObjectsV2Response page;
        do
        {
            page = await Client.ListObjectsV2Async(request);
            keys.AddRange((page.S3Objects ?? []).Select(item => item.Key));
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
        return keys;
    }

    /// <summary>The content of an object.</summary>
    public async Task<byte[]> ReadAsync(string key)
    {
        using var found = await Client.GetObjectAsync(S3Server.Bucket, key);
        using var bytes = new MemoryStream();
        await found.ResponseStream.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    /// <summary>Puts a text there.</summary>
    public Task PutTextAsync(string key, string text) => Client.PutObjectAsync(
        new PutObjectRequest { BucketName = S3Server.Bucket, Key = key, ContentBody = text, UseChunkEncoding = false });

    /// <summary>Puts a file there.</summary>
    public Task PutFileAsync(string path, string key) => Client.PutObjectAsync(
        new PutObjectRequest { BucketName = S3Server.Bucket, Key = key, FilePath = path, UseChunkEncoding = false });

    /// <summary>
    /// Objects and uploads of the artifact store that no job's result and no mark names, once nothing runs.
    /// </summary>
    /// <param name="http">A client of a gateway.</param>
    public async Task<IReadOnlyList<string>> LeftoversAsync(HttpClient http)
    {
        var page = await http.GetFromJsonAsync<JsonElement>("jobs/list?pageSize=500");
        var owned = page.GetProperty("items").EnumerateArray()
            .Where(job => job.GetProperty("result").ValueKind == JsonValueKind.Object)
            .SelectMany(job => job.GetProperty("result").GetProperty("files").EnumerateArray())
            .Select(file => $"{Artifacts}/{file.GetProperty("path").GetString()}")
            .Append($"{Artifacts}/_store.json")
            .ToHashSet();
        return [.. (await KeysAsync(Artifacts)).Where(key => !owned.Contains(key)), .. server.Uploads];
    }

    public void Dispose() => Client.Dispose();

    private sealed class Handlers(S3Server server) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(server.CreateHandler());
    }
}
