using System.Text;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// The buckets and prefixes that jobs may read and write, and the only way from an <c>s3://</c> path that a user wrote to
/// objects.
/// </summary>
internal sealed class ObjectRoots(IObjectStore store, IOptions<S3Options> options, ClusterPaths? paths = null)
{
    // Of a store, less the names of the files below.
    private const int MostKeyBytes = 1024 - 512;

    private readonly S3Path? artifacts = paths is not null && S3Path.TryParse(paths.Artifacts, out var place) ? place : null;
    private readonly PublishedObjects published = new(store);
    private readonly IReadOnlyList<S3Path> roots =
        [.. options.Value.Roots.Select(root => S3Path.TryParse(root, out var path) ? path : default)];

    /// <summary>Whether jobs may name objects at all.</summary>
    public bool AreAny => roots.Count > 0;

    /// <summary>The place that a path means, when it is inside a root up to its first wildcard.</summary>
    public S3Path? Locate(string path)
    {
        if (!S3Path.TryParse(path, out var place))
        {
            return null;
        }

        // Whatever a wildcard stands for, it is below the folder that it stands in.
        var literal = place.Key[..FirstWildcard(place.Key)];
        var folder = literal.Length == place.Key.Length
            ? place
            : place with { Key = literal[..Math.Max(0, literal.LastIndexOf('/'))] };
        return IsOpen(folder) ? place : null;
    }

    /// <summary>
    /// Why no output may be there, to follow the path in a message; null when one may. Outside of all roots there is another word
    /// for it.
    /// </summary>
    public string? WhyNoOutput(S3Path place)
    {
        var key = place.Key.TrimEnd('/');
        var names = key.Split('/');
        return FirstWildcard(key) < key.Length ? "holds a wildcard, which an output cannot"
            : names.Any(name => name is "" or ".") && key.Length > 0 ? "has an empty name, or '.', in it"
            : roots.Any(root => root.Bucket == place.Bucket && root.Key.TrimEnd('/') == key)
            ? "is an S3 root, and an output needs a prefix of its own below one"
            : artifacts is { } own && own.IsInside(place) ? "holds the artifacts of the cluster itself"
            : names.Any(name => name.StartsWith('.')) ? "is hidden: a name in it begins with a dot"
            : Encoding.UTF8.GetByteCount(key) > MostKeyBytes ? $"is longer than {MostKeyBytes} bytes"
            : null;
    }

    /// <summary>
    /// Objects that a path or pattern means, by ordinal order of their keys; empty when there are none. Where jobs have published
    /// they are what manifests name, as in folders.
    /// </summary>
    /// <exception cref="ObjectStoreException">The store refused or did not answer.</exception>
    /// <exception cref="InvalidDataException">It is no pattern, or finds too much.</exception>
    public async Task<IReadOnlyList<FileStamp>> Find(S3Path place, int atMost, CancellationToken cancellationToken)
    {
        var literal = FirstWildcard(place.Key);
        if (literal == place.Key.Length)
        {
            return await store.Stat(place, cancellationToken) is { } only ? [StampOf(only)]
                : await published.In(place, cancellationToken) is { } named ? [.. named.Select(StampOf)]
                : [];
        }

        var pattern = new GlobPattern("", place.Key);
        var found = new List<ObjectInfo>();
        var looked = 0;
        await foreach (var item in store.List(place with { Key = place.Key[..literal] }, cancellationToken))
        {
            if (++looked > GlobPattern.MaxNames)
            {
                throw new InvalidDataException(
                    $"It looks at more than {GlobPattern.MaxNames} names. Name the folders more closely.");
            }

            // A key that ends with a slash is a folder as some tools draw it.
            if (!item.Path.Key.EndsWith('/') && pattern.IsMatch(item.Path.Key.Split('/'))
                && IsOpen(item.Path))
            {
                found.Add(item);
            }

            if (found.Count > atMost)
            {
                break;
            }
        }

        await published.RemoveOthers(found, cancellationToken);
        return [.. found.Select(StampOf).OrderBy(stamp => stamp.Path, StringComparer.Ordinal)];
    }

    /// <summary>An object as it is now; null when it is gone.</summary>
    /// <exception cref="ObjectStoreException">The store refused or did not answer.</exception>
    public async Task<FileStamp?> Stamp(string path, CancellationToken cancellationToken) =>
        Locate(path) is { } place && await store.Stat(place, cancellationToken) is { } found ? StampOf(found) : null;

    // What jobs keep there has other readers than it has owners.
    private bool IsOpen(S3Path path) => roots.Any(path.IsInside) && !(artifacts is { } own && path.IsInside(own));

    private static FileStamp StampOf(ObjectInfo found) =>
        new(found.Path.ToString(), found.Bytes, found.ModifiedAt) { ETag = found.ETag };

    private static int FirstWildcard(string key) => key.AsSpan().IndexOfAny("*?[{") is >= 0 and var first ? first : key.Length;
}
