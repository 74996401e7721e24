namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// A store of objects. Everything that is read, listed or written there goes through this. Each call is tried again while the store is away
/// or throttles, and what is written is there whole or not at all.
/// </summary>
internal interface IObjectStore
{
    /// <summary>Objects whose key begins so, in ordinal order of their keys.</summary>
    IAsyncEnumerable<ObjectInfo> List(S3Path prefix, CancellationToken cancellationToken);

    /// <summary>What is known of an object; null when there is none.</summary>
    Task<ObjectInfo?> Stat(S3Path path, CancellationToken cancellationToken);

    /// <summary>Reads the whole of a small object; null when there is none.</summary>
    /// <exception cref="InvalidDataException">It has more bytes than that.</exception>
    Task<byte[]?> Read(S3Path path, long atMost, CancellationToken cancellationToken);

    /// <summary>Writes a file as an object, in place of what had the key.</summary>
    Task Write(S3Path path, string file, CancellationToken cancellationToken);

    /// <summary>Writes an object unless there is one with the key.</summary>
    /// <returns>False when there is one.</returns>
    Task<bool> Create(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Removes an object. Nothing happens when there is none.</summary>
    Task Delete(S3Path path, CancellationToken cancellationToken);

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
