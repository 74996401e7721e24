using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// What the cluster has written itself, artifacts and outputs, wherever it lies: a path is that of a file of this machine or the
/// address of an object.
/// </summary>
/// <param name="objects">The object store; null where there is none.</param>
internal sealed class StoredFiles(IObjectStore? objects = null)
{
    // Fewer are looked at one by one. Of more, what begins as they do is listed, a thousand at a time.
    private const int FewObjects = 16;
    private const int LooksInFlight = 8;
    private const int BufferBytes = 1 << 20;

    private IObjectStore Objects =>
        objects ?? throw new InvalidOperationException("An object was named where there is no object store.");

    /// <summary>Each as it is now, in the order of the paths; null for those that are gone.</summary>
    /// <exception cref="IOException">They cannot be looked at.</exception>
    public async Task<IReadOnlyList<FileStamp?>> Look(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var known = paths.Any(ObjectGrant.IsObject)
            ? await LookAtObjects([.. paths.Where(ObjectGrant.IsObject).Distinct()], cancellationToken) : [];
        return [.. paths.Select(path => ObjectGrant.IsObject(path) ? known.GetValueOrDefault(path) : LookAtFile(path))];
    }

    /// <summary>Opens one for reading; null when it is gone.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<Stream?> Open(string path, CancellationToken cancellationToken)
    {
        if (S3Path.TryParse(path, out var place))
        {
            return await Objects.Open(place, cancellationToken);
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static FileStamp? LookAtFile(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new FileStamp(file.FullName, file.Length, new DateTimeOffset(file.LastWriteTimeUtc)) : null;
    }

    private async Task<Dictionary<string, FileStamp>> LookAtObjects(List<string> paths, CancellationToken cancellationToken)
    {
        var places = paths.Select(path => S3Path.TryParse(path, out var place) ? place : default).ToList();
        var found = new Dictionary<string, FileStamp>(StringComparer.Ordinal);
        if (places.Count > FewObjects)
        {
            var wanted = paths.ToHashSet(StringComparer.Ordinal);
            foreach (var bucket in places.GroupBy(place => place.Bucket))
            {
                await foreach (var item in Objects.List(
                    new S3Path(bucket.Key, CommonStart([.. bucket.Select(place => place.Key)])), cancellationToken))
                {
                    if (wanted.Contains(item.Path.ToString()))
                    {
                        found[item.Path.ToString()] = StampOf(item);
                    }
                }
            }

            return found;
        }

        var flight = new ParallelOptions { MaxDegreeOfParallelism = LooksInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(places, flight, async (place, token) =>
        {
            if (await Objects.Stat(place, token) is { } item)
            {
                lock (found)
                {
                    found[item.Path.ToString()] = StampOf(item);
                }
            }
        });
        return found;
    }

    private static string CommonStart(List<string> keys)
    {
        var (least, most) = (keys.Min(StringComparer.Ordinal)!, keys.Max(StringComparer.Ordinal)!);
        return least[..least.AsSpan().CommonPrefixLength(most)];
    }

    private static FileStamp StampOf(ObjectInfo found) =>
        new(found.Path.ToString(), found.Bytes, found.ModifiedAt) { ETag = found.ETag };
}
