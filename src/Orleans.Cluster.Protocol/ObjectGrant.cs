using System.Text;

namespace Orleans.Cluster.Protocol;

/// <summary>
/// Leave to read some objects of a store for a while, by addresses that the silo has signed. An executor gets this and never the
/// credentials: what it holds opens these objects alone, for reading alone, and only until the addresses expire. It is part of no
/// plan and is not stored.
/// </summary>
/// <param name="Objects">The objects.</param>
/// <param name="CaFile">Authorities of the store's certificate, as PEM; null for the system's.</param>
/// <param name="ScratchFolder">Folder of this machine for parts of objects that the engine can read from a file only.</param>
public sealed record ObjectGrant(IReadOnlyList<ObjectAccess> Objects, string? CaFile, string ScratchFolder)
{
    /// <summary>How paths of objects begin.</summary>
    public const string Scheme = "s3://";

    /// <summary>Whether a path names an object of a store.</summary>
    public static bool IsObject(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.StartsWith(Scheme, StringComparison.Ordinal);
    }
}

/// <summary>One object that may be read.</summary>
/// <param name="Path"><c>s3://bucket/key</c>, by which everything else speaks of it.</param>
/// <param name="Url">Its signed address: a secret until it expires.</param>
/// <param name="Bytes">Its size as it was listed.</param>
/// <param name="ETag">Its content as it was listed; null when the store names none.</param>
public sealed record ObjectAccess(string Path, string Url, long Bytes, string? ETag)
{
    // Records print what they hold, and what is printed ends in logs.
    private bool PrintMembers(StringBuilder text)
    {
        text.Append("Path = ").Append(Path).Append(", Bytes = ").Append(Bytes).Append(", ETag = ").Append(ETag);
        return true;
    }
}
