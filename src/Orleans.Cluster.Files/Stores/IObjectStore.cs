namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// A store of objects, as sources need it. Each call is tried again while the store is away or throttles. The content of objects
/// is read by executors, by signed addresses.
/// </summary>
internal interface IObjectStore
{
    /// <summary>Objects whose key begins so, in ordinal order of their keys.</summary>
    IAsyncEnumerable<ObjectInfo> List(S3Path prefix, CancellationToken cancellationToken);

    /// <summary>What is known of an object; null when there is none.</summary>
    Task<ObjectInfo?> Stat(S3Path path, CancellationToken cancellationToken);

    /// <summary>An address by which the object can be read for a while, by whoever has it.</summary>
    string Sign(S3Path path);
}

/// <summary>An object as it is now.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="ModifiedAt">When it was written.</param>
/// <param name="ETag">What the store calls its content, as it writes it.</param>
internal sealed record ObjectInfo(S3Path Path, long Bytes, DateTimeOffset ModifiedAt, string? ETag);

/// <summary>An object store refused or did not answer.</summary>
internal sealed class ObjectStoreException(string message, Exception inner) : IOException(message, inner);
