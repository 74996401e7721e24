using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// A store of objects. Each call is tried again while the store is away or throttles, for as long as a restart of it takes.
/// An object is there whole or not at all, and whoever looks after a call has answered sees what it did.
/// </summary>
internal interface IObjectStore
{
    /// <summary>Objects whose key begins so, in ordinal order of their keys.</summary>
    /// <exception cref="ObjectStoreException">The store refused, or was away for too long.</exception>
    IAsyncEnumerable<ObjectInfo> List(S3Path prefix, CancellationToken cancellationToken);

    /// <summary>Names directly below a folder that are folders themselves, without slashes.</summary>
    /// <exception cref="ObjectStoreException">As <see cref="List"/>.</exception>
    IAsyncEnumerable<string> ListFolders(S3Path folder, CancellationToken cancellationToken);

    /// <summary>What is known of an object; null when there is none.</summary>
    /// <exception cref="ObjectStoreException">As <see cref="List"/>.</exception>
    Task<ObjectInfo?> Stat(S3Path path, CancellationToken cancellationToken);

    /// <summary>An address by which the object can be read for a while, by whoever has it.</summary>
    string Sign(S3Path path);

    /// <summary>
    /// The content of an object from its first byte on; null when there is none. A read that breaks off goes on where it was, as
    /// long as the object is the same.
    /// </summary>
    /// <exception cref="ObjectStoreException">As <see cref="List"/>; so do reads of the stream.</exception>
    Task<Stream?> Open(S3Path path, CancellationToken cancellationToken);

    /// <summary>Writes a file of this machine, in several parts where it is large. Ended early, it leaves nothing.</summary>
    /// <param name="path">Under which name; an object of that name is replaced.</param>
    /// <param name="file">The file, which does not change meanwhile.</param>
    /// <param name="sha256">Its hash, which is kept with it; null for none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ObjectStoreException">As <see cref="List"/>.</exception>
    Task Write(S3Path path, string file, string? sha256, CancellationToken cancellationToken);

    /// <summary>Writes a few bytes, in place of an object of that name.</summary>
    /// <exception cref="ObjectStoreException">As <see cref="List"/>.</exception>
    Task Write(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Writes a few bytes unless an object of that name is there: of two at once, one does. A store that does not know conditions
    /// is asked first whether it is there.
    /// </summary>
    /// <returns>
    /// False when it was there; that may be one's own, of a try whose answer was lost.
    /// </returns>
    /// <exception cref="ObjectStoreException">As <see cref="List"/>.</exception>
    Task<bool> Create(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Removes an object. Nothing happens when there is none.</summary>
    /// <exception cref="ObjectStoreException">As <see cref="List"/>.</exception>
    Task Delete(S3Path path, CancellationToken cancellationToken);

    /// <summary>Uploads in parts whose key begins so and that were neither completed nor aborted.</summary>
    /// <exception cref="ObjectStoreException">
    /// As <see cref="List"/>; <see cref="ObjectStoreFault.Unsupported"/> where a store cannot list them.
    /// </exception>
    IAsyncEnumerable<ObjectUpload> ListUploads(S3Path prefix, CancellationToken cancellationToken);

    /// <summary>Ends an upload and removes its parts. Nothing happens when it is over.</summary>
    /// <exception cref="ObjectStoreException">As <see cref="ListUploads"/>.</exception>
    Task Abort(ObjectUpload upload, CancellationToken cancellationToken);
}

/// <summary>An object as it is now.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="ModifiedAt">When it was written.</param>
/// <param name="ETag">What the store calls its content, as it writes it.</param>
/// <param name="Sha256">The hash that was kept with it; null when there is none, and in listings.</param>
internal sealed record ObjectInfo(S3Path Path, long Bytes, DateTimeOffset ModifiedAt, string? ETag, string? Sha256 = null);

/// <summary>An object that is being written in parts.</summary>
/// <param name="Path">Where it will be.</param>
/// <param name="Id">The store's name for the upload.</param>
/// <param name="StartedAt">When it was begun.</param>
internal sealed record ObjectUpload(S3Path Path, string Id, DateTimeOffset StartedAt);

/// <summary>An object store refused or did not answer.</summary>
internal sealed class ObjectStoreException(string message, ObjectStoreFault fault, Exception? inner = null)
    : IOException(message, inner)
{
    /// <summary>What it was.</summary>
    public ObjectStoreFault Fault { get; } = fault;

    /// <summary>For those who wait for storage, whichever it is.</summary>
    public StorageUnavailableException ToUnavailable() => new(Message, this) { Away = "The object store does not answer." };
}

/// <summary>Why an object store did not do what it was asked for.</summary>
internal enum ObjectStoreFault
{
    /// <summary>It was away or throttled for too long.</summary>
    Away,

    /// <summary>It does not want to, or cannot.</summary>
    Refused,

    /// <summary>It does not know how.</summary>
    Unsupported,
}
