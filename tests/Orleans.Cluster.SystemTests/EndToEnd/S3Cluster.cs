using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>
/// An embedded cluster whose jobs may read and write objects of an S3 server. Its secret is in the environment, as one should do.
/// </summary>
public class S3Cluster : EmbeddedCluster
{
    private AmazonS3Client? client;

    public S3Cluster()
        : this(new S3Server())
    {
        Workers = 1;
        Arguments = [.. Server.Settings, "--Jobs:PlanBeforeAccept=00:00:30"];
    }

    protected S3Cluster(S3Server server) => Server = server;

    public S3Server Server { get; }

    public AmazonS3Client Client => client ?? throw new InvalidOperationException("The cluster was not started yet.");

    protected override IReadOnlyDictionary<string, string> SiloEnvironment { get; } = new Dictionary<string, string>
    {
        ["S3__AccessKeyId"] = S3Server.AccessKeyId,
        ["S3__SecretAccessKey"] = S3Server.SecretAccessKey,
    };

    public override async ValueTask InitializeAsync()
    {
        if (!S3Server.IsExpected)
        {
            return;
        }

        await Server.StartAsync();
        client = new AmazonS3Client(
            new BasicAWSCredentials(S3Server.AccessKeyId, S3Server.SecretAccessKey),
            new AmazonS3Config
            {
                ServiceURL = Server.Address.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1",
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            });
        await StartAsync();
    }

    /// <summary>Keys of the bucket that begin so, in order.</summary>
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

    /// <summary>Puts a text into the bucket.</summary>
    public Task PutTextAsync(string key, string text) => Client.PutObjectAsync(
        new PutObjectRequest { BucketName = S3Server.Bucket, Key = key, ContentBody = text, UseChunkEncoding = false });

    /// <summary>Puts a file of the cluster's folder into the bucket.</summary>
    public Task PutAsync(string file, string key) => Client.PutObjectAsync(
        new PutObjectRequest
        {
            BucketName = S3Server.Bucket, Key = key, FilePath = Path.Combine(Folder, file), UseChunkEncoding = false,
        });

    public override async ValueTask DisposeAsync()
    {
        client?.Dispose();
        await base.DisposeAsync();
        await Server.DisposeAsync();
    }
}
