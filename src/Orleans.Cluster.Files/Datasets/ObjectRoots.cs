using Microsoft.Extensions.Options;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// The buckets and prefixes that jobs may read and write, and the only way from an <c>s3://</c> path that a user wrote to
/// objects.
/// </summary>
internal sealed class ObjectRoots(IObjectStore store, IOptions<S3Options> options)
{
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
        return roots.Any(folder.IsInside) ? place : null;
    }

    /// <summary>Objects that a path or pattern means, by ordinal order of their keys; empty when there are none.</summary>
    /// <exception cref="ObjectStoreException">The store refused or did not answer.</exception>
    /// <exception cref="InvalidDataException">It is no pattern, or finds too much.</exception>
    public async Task<IReadOnlyList<FileStamp>> Find(S3Path place, int atMost, CancellationToken cancellationToken)
    {
        var literal = FirstWildcard(place.Key);
        if (literal == place.Key.Length)
        {
            return await store.Stat(place, cancellationToken) is { } only ? [StampOf(only)] : [];
        }

        var pattern = new GlobPattern("", place.Key);
        var found = new List<FileStamp>();
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
                && roots.Any(root => item.Path.IsInside(root)))
            {
                found.Add(StampOf(item));
            }

            if (found.Count > atMost)
            {
                break;
            }
        }

        return [.. found.OrderBy(stamp => stamp.Path, StringComparer.Ordinal)];
    }

    /// <summary>An object as it is now; null when it is gone.</summary>
    /// <exception cref="ObjectStoreException">The store refused or did not answer.</exception>
    public async Task<FileStamp?> Stamp(string path, CancellationToken cancellationToken) =>
        Locate(path) is { } place && await store.Stat(place, cancellationToken) is { } found ? StampOf(found) : null;

    private static FileStamp StampOf(ObjectInfo found) =>
        new(found.Path.ToString(), found.Bytes, found.ModifiedAt) { ETag = found.ETag };

    private static int FirstWildcard(string key) => key.AsSpan().IndexOfAny("*?[{") is >= 0 and var first ? first : key.Length;
}
