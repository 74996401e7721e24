using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// Writes files of this machine as objects: small ones at once, large ones in parts, several in flight. The parts of an upload
/// that fails or is cancelled are removed; those of a process that is killed are the janitor's.
/// </summary>
internal sealed class S3Upload(Func<AmazonS3Client> client, StorePatience patience, long partBytes) : IDisposable
{
    // Of S3.
    private const int MostParts = 10_000;

    private const int TransfersOfProcess = 16;
    private const int PartsInFlight = 4;

    // At a quarter of a megabyte a second.
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(60);
    private const long LeastBytesASecond = 256 << 10;

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AbortWithin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim transfers = new(TransfersOfProcess);

    public async Task Write(
        S3Path path, string file, IReadOnlyList<(string Name, string Value)> notes, CancellationToken cancellationToken)
    {
        var bytes = new FileInfo(file).Length;
        if (bytes > partBytes)
        {
            await WriteParts(path, file, bytes, notes, cancellationToken);
            return;
        }

        await Transfer(path, bytes, token => client().PutObjectAsync(Request(), token), cancellationToken);

        // One for each try: the client keeps the stream of the last one in it.
        PutObjectRequest Request()
        {
            var request = new PutObjectRequest
            {
                BucketName = path.Bucket, Key = path.Key, FilePath = file, UseChunkEncoding = false,
            };
            Note(request.Metadata, notes);
            return request;
        }
    }

    public async Task Abort(ObjectUpload upload, CancellationToken cancellationToken) => await patience.Ask(
        upload.Path, AnswerWithin,
        async token =>
        {
            try
            {
                await client().AbortMultipartUploadAsync(upload.Path.Bucket, upload.Path.Key, upload.Id, token);
            }
            catch (AmazonS3Exception over) when (StorePatience.Is(over, HttpStatusCode.NotFound))
            {
                // Completed, or aborted by another.
            }

            return true;
        },
        cancellationToken);

    public void Dispose() => transfers.Dispose();

    private async Task WriteParts(
        S3Path path, string file, long bytes, IReadOnlyList<(string Name, string Value)> notes,
        CancellationToken cancellationToken)
    {
        var begin = new InitiateMultipartUploadRequest { BucketName = path.Bucket, Key = path.Key };
        Note(begin.Metadata, notes);
        var begun = await patience.Ask(
            path, AnswerWithin, token => client().InitiateMultipartUploadAsync(begin, token), cancellationToken);
        var upload = new ObjectUpload(path, begun.UploadId, default);
        try
        {
            var size = Math.Max(partBytes, (bytes + MostParts - 1) / MostParts);
            var tags = new PartETag[(bytes + size - 1) / size];
            var flight = new ParallelOptions
            {
                MaxDegreeOfParallelism = PartsInFlight, CancellationToken = cancellationToken,
            };
            await Parallel.ForAsync(0, tags.Length, flight, async (part, token) =>
                tags[part] = await WritePart(upload, file, part + 1, part * size, Math.Min(size, bytes - (part * size)), token));
            await Complete(upload, bytes, tags, cancellationToken);
        }
        catch
        {
            await TryAbort(upload);
            throw;
        }
    }

    private async Task<PartETag> WritePart(
        ObjectUpload upload, string file, int number, long start, long bytes, CancellationToken cancellationToken)
    {
        var written = await Transfer(
            upload.Path, bytes,
            token => client().UploadPartAsync(
                new UploadPartRequest
                {
                    BucketName = upload.Path.Bucket, Key = upload.Path.Key, UploadId = upload.Id, PartNumber = number,
                    FilePath = file, FilePosition = start, PartSize = bytes, UseChunkEncoding = false,
                },
                token),
            cancellationToken);
        return new PartETag(number, written.ETag);
    }

    private Task Complete(ObjectUpload upload, long bytes, PartETag[] tags, CancellationToken cancellationToken) => patience.Ask(
        upload.Path, AnswerWithin,
        async token =>
        {
            try
            {
                await client().CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest
                    {
                        BucketName = upload.Path.Bucket, Key = upload.Path.Key, UploadId = upload.Id, PartETags = [.. tags],
                    },
                    token);
                return true;
            }
            catch (AmazonS3Exception over) when (StorePatience.Is(over, HttpStatusCode.NotFound))
            {
                // A try whose answer was lost has completed it, unless somebody aborted it.
                var found = await client().GetObjectMetadataAsync(upload.Path.Bucket, upload.Path.Key, token);
                return found.ContentLength == bytes
                    ? true
                    : throw new ObjectStoreException(
                        $"The upload of {upload.Path} was ended by somebody else.", ObjectStoreFault.Refused, over);
            }
        },
        cancellationToken);

    // A store that does not answer leaves it to the janitor.
    private async Task TryAbort(ObjectUpload upload)
    {
        using var timer = new CancellationTokenSource(AbortWithin);
        try
        {
            await Abort(upload, timer.Token);
        }
        catch (Exception fault) when (fault is ObjectStoreException or OperationCanceledException)
        {
            // Whoever asked hears of the failure that led here.
        }
    }

    private async Task<T> Transfer<T>(
        S3Path path, long bytes, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        await transfers.WaitAsync(cancellationToken);
        try
        {
            return await patience.Ask(
                path, LeastTime + TimeSpan.FromSeconds(bytes / (double)LeastBytesASecond), call, cancellationToken);
        }
        finally
        {
            transfers.Release();
        }
    }

    private static void Note(MetadataCollection metadata, IReadOnlyList<(string Name, string Value)> notes)
    {
        foreach (var (name, value) in notes)
        {
            metadata[name] = value;
        }
    }
}
