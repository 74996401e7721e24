using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Stores;

/// <summary>A bucket and a key, or the beginning of keys, in it.</summary>
/// <param name="Bucket">Name of the bucket.</param>
/// <param name="Key">Without a slash before it; empty for the bucket itself.</param>
internal readonly record struct S3Path(string Bucket, string Key)
{
    /// <summary>The form in which everybody speaks of it.</summary>
    public override string ToString() =>
        Key.Length == 0 ? $"{ObjectGrant.Scheme}{Bucket}" : $"{ObjectGrant.Scheme}{Bucket}/{Key}";

    /// <summary>Reads <c>s3://bucket/key</c>; the case of the scheme does not matter.</summary>
    public static bool TryParse(string text, out S3Path path)
    {
        path = default;
        if (!text.StartsWith(ObjectGrant.Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var rest = text[ObjectGrant.Scheme.Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        path = slash < 0 ? new S3Path(rest, "") : new S3Path(rest[..slash], rest[(slash + 1)..]);
        return path.Bucket.Length > 0 && path.Bucket.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
    }

    /// <summary>
    /// Whether it is this place or below it, by whole names: <c>s3://b/data</c> does not hold <c>s3://b/data2</c>.
    /// </summary>
    public bool IsInside(S3Path root)
    {
        var folder = root.Key.TrimEnd('/');
        return Bucket == root.Bucket
            && (folder.Length == 0 || Key == folder || Key.StartsWith(folder + "/", StringComparison.Ordinal));
    }

    /// <summary>What has this relative name below it; of the empty name, the beginning of all that is below.</summary>
    public S3Path Below(string relative)
    {
        var folder = Key.TrimEnd('/');
        return this with { Key = folder.Length == 0 ? relative : $"{folder}/{relative}" };
    }

    /// <summary>The name of an object below this folder, relative to it.</summary>
    public string NameOf(S3Path below) => below.Key[Below("").Key.Length..];
}
