using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;

namespace Orleans.Cluster.Files.Stores;

/// <summary>S3, and what speaks as it does.</summary>
internal sealed class S3ObjectStore : IObjectStore, IDisposable
{
    /// <summary>Name of the metadata that holds an object's hash.</summary>
    private const string HashName = "sha256";

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);

    private readonly S3Options options;
    private readonly Lazy<AmazonS3Client> lazy;
    private readonly TimeProvider clock;
    private readonly StorePatience patience;
    private readonly S3Upload uploads;

    public S3ObjectStore(IOptions<S3Options> options, TimeProvider clock)
    {
        this.options = options.Value;
        this.clock = clock;
        patience = new StorePatience(clock);

        // Most clusters never ask it, and the usual chain may look for credentials on the network.
        lazy = new Lazy<AmazonS3Client>(() => S3Client.Of(this.options));
        uploads = new S3Upload(() => Client, patience, this.options.PartBytes);
    }

    private AmazonS3Client Client => lazy.Value;

    public async IAsyncEnumerable<ObjectInfo> List(S3Path prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = prefix.Bucket, Prefix = prefix.Key };
        await foreach (var page in Pages(prefix, request, cancellationToken))
        {
            foreach (var item in page.S3Objects ?? [])
            {
                yield return new ObjectInfo(
                    new S3Path(prefix.Bucket, item.Key), item.Size ?? 0, Utc(item.LastModified), item.ETag);
            }
        }
    }

    public async IAsyncEnumerable<string> ListFolders(
        S3Path folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = folder.Bucket, Prefix = folder.Below("").Key, Delimiter = "/" };
        await foreach (var page in Pages(folder, request, cancellationToken))
        {
            foreach (var below in page.CommonPrefixes ?? [])
            {
                yield return below[request.Prefix.Length..].TrimEnd('/');
            }
        }
    }

    public Task<ObjectInfo?> Stat(S3Path path, CancellationToken cancellationToken) => Ask(
        path,
        async token =>
        {
            try
            {
                var found = await Client.GetObjectMetadataAsync(path.Bucket, path.Key, token);
                return new ObjectInfo(
                    path, found.ContentLength, Utc(found.LastModified), found.ETag, found.Metadata[HashName]);
            }
            catch (AmazonS3Exception none) when (StorePatience.Is(none, HttpStatusCode.NotFound))
            {
                return null;
            }
        },
        cancellationToken);

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

    public async Task<Stream?> Open(S3Path path, CancellationToken cancellationToken) =>
        await OpenAt(path, 0, tag: null, cancellationToken) is { } first
            ? new ObjectStream(
                path, first.Content, first.Bytes,
                async (at, token) => (await OpenAt(path, at, first.Tag, token))?.Content, patience)
            : null;

    public Task Write(S3Path path, string file, string? sha256, CancellationToken cancellationToken) =>
        uploads.Write(path, file, sha256 is null ? [] : [(HashName, sha256)], cancellationToken);

    public Task Write(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        Ask(path, token => Put(path, content, condition: null, token), cancellationToken);

    public async Task<bool> Create(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        // Not every store knows the condition, and some that do not are silent about it.
        if (await Stat(path, cancellationToken) is not null)
        {
            return false;
        }

        return await Ask(
            path,
            async token =>
            {
                try
                {
                    return await Put(path, content, condition: "*", token);
                }
                catch (AmazonS3Exception refusal) when (StorePatience.Is(refusal, HttpStatusCode.PreconditionFailed))
                {
                    return false;
                }
                catch (AmazonS3Exception refusal) when (StorePatience.Is(refusal, HttpStatusCode.NotImplemented))
                {
                    return await Put(path, content, condition: null, token);
                }
            },
            cancellationToken);
    }

    public Task Delete(S3Path path, CancellationToken cancellationToken) =>
        Ask(path, token => Client.DeleteObjectAsync(path.Bucket, path.Key, token), cancellationToken);

    public async IAsyncEnumerable<ObjectUpload> ListUploads(
        S3Path prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListMultipartUploadsRequest { BucketName = prefix.Bucket, Prefix = prefix.Key };
        ListMultipartUploadsResponse page;
        do
        {
            page = await Ask(prefix, token => Client.ListMultipartUploadsAsync(request, token), cancellationToken);
            foreach (var item in page.MultipartUploads ?? [])
            {
                yield return new ObjectUpload(new S3Path(prefix.Bucket, item.Key), item.UploadId, Utc(item.Initiated));
            }

            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);
    }

    public Task Abort(ObjectUpload upload, CancellationToken cancellationToken) => uploads.Abort(upload, cancellationToken);

    public void Dispose()
    {
        uploads.Dispose();
        if (lazy.IsValueCreated)
        {
            lazy.Value.Dispose();
        }
    }

    private static DateTimeOffset Utc(DateTime? time) => new((time ?? DateTime.UnixEpoch).ToUniversalTime());

    private async IAsyncEnumerable<ListObjectsV2Response> Pages(
        S3Path path, ListObjectsV2Request request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ListObjectsV2Response page;
        do
        {
            page = await Ask(path, token => Client.ListObjectsV2Async(request, token), cancellationToken);
            yield return page;
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    private Task<(Stream Content, long Bytes, string Tag)?> OpenAt(
        S3Path path, long at, string? tag, CancellationToken cancellationToken) => Ask<(Stream, long, string)?>(
        path,
        async token =>
        {
            try
            {
                var request = new GetObjectRequest { BucketName = path.Bucket, Key = path.Key, EtagToMatch = tag };
                if (at > 0)
                {
                    request.ByteRange = new ByteRange($"bytes={at}-");
                }

                var found = await Client.GetObjectAsync(request, token);
                return (found.ResponseStream, found.ContentLength, found.ETag);
            }
            catch (AmazonS3Exception none) when (StorePatience.Is(none, HttpStatusCode.NotFound))
            {
                return null;
            }
        },
        cancellationToken);

    private async Task<bool> Put(
        S3Path path, ReadOnlyMemory<byte> content, string? condition, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        await Client.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = path.Bucket, Key = path.Key, InputStream = stream, IfNoneMatch = condition,
                UseChunkEncoding = false,
            },
            cancellationToken);
        return true;
    }

    private Task<T> Ask<T>(S3Path path, Func<CancellationToken, Task<T>> question, CancellationToken cancellationToken) =>
        patience.Ask(path, AnswerWithin, question, cancellationToken);
}
