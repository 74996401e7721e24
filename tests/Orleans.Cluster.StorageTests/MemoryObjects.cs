using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.StorageTests;

/// <summary>A store of objects in memory, for tests of what others make of one: its faults are called for.</summary>
internal sealed class MemoryObjects : IObjectStore
{
    private readonly ConcurrentDictionary<S3Path, (byte[] Bytes, DateTimeOffset At, string? Sha256)> objects = new();
    private readonly ConcurrentDictionary<string, ObjectUpload> uploads = new();

    /// <summary>Asked before each call that changes something, with its name; what it throws is the call's end.</summary>
    public Action<string, S3Path> OnChange { get; set; } = (_, _) => { };

    /// <summary>What it takes for the time now.</summary>
    public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

    /// <summary>Addresses of all objects, in order.</summary>
    public IReadOnlyList<string> Names => [.. objects.Keys.Select(path => path.ToString()).Order(StringComparer.Ordinal)];

    /// <summary>Addresses of uploads that were neither completed nor aborted, in order.</summary>
    public IReadOnlyList<string> Uploads => [.. uploads.Values.Select(upload => $"{upload.Path}").Order(StringComparer.Ordinal)];

    public void Put(string address, string content) => Put(Parse(address), System.Text.Encoding.UTF8.GetBytes(content), null);

    public string Text(string address) => System.Text.Encoding.UTF8.GetString(objects[Parse(address)].Bytes);

    public void BeginUpload(string address)
    {
        var upload = new ObjectUpload(Parse(address), Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture), Now);
        uploads[upload.Id] = upload;
    }

    public async IAsyncEnumerable<ObjectInfo> List(S3Path prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (path, found) in objects.Where(pair => IsBelow(pair.Key, prefix))
            .OrderBy(pair => pair.Key.Key, StringComparer.Ordinal))
        {
            await Task.Yield();
            yield return new ObjectInfo(path, found.Bytes.Length, found.At, Tag(found.Bytes));
        }
    }

    public async IAsyncEnumerable<string> ListFolders(
        S3Path folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = folder.Below("");
        foreach (var name in objects.Keys.Where(path => IsBelow(path, start))
            .Select(path => folder.NameOf(path).Split('/')).Where(names => names.Length > 1).Select(names => names[0])
            .Distinct().Order(StringComparer.Ordinal))
        {
            await Task.Yield();
            yield return name;
        }
    }

    public Task<ObjectInfo?> Stat(S3Path path, CancellationToken cancellationToken) => Task.FromResult(
        objects.TryGetValue(path, out var found)
            ? new ObjectInfo(path, found.Bytes.Length, found.At, Tag(found.Bytes), found.Sha256) : null);

    public string Sign(S3Path path) => throw new NotSupportedException("Nobody outside of this process reads it.");

    public Task<Stream?> Open(S3Path path, CancellationToken cancellationToken) => Task.FromResult<Stream?>(
        objects.TryGetValue(path, out var found) ? new MemoryStream(found.Bytes, writable: false) : null);

    public async Task Write(S3Path path, string file, string? sha256, CancellationToken cancellationToken)
    {
        OnChange("write", path);
        Put(path, await File.ReadAllBytesAsync(file, cancellationToken), sha256);
    }

    public Task Write(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        OnChange("write", path);
        Put(path, content.ToArray(), null);
        return Task.CompletedTask;
    }

    public Task<bool> Create(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        OnChange("create", path);
        return Task.FromResult(objects.TryAdd(path, (content.ToArray(), Now, null)));
    }

    public Task Delete(S3Path path, CancellationToken cancellationToken)
    {
        OnChange("delete", path);
        objects.TryRemove(path, out _);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<ObjectUpload> ListUploads(
        S3Path prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var upload in uploads.Values.Where(upload => IsBelow(upload.Path, prefix)))
        {
            await Task.Yield();
            yield return upload;
        }
    }

    public Task Abort(ObjectUpload upload, CancellationToken cancellationToken)
    {
        uploads.TryRemove(upload.Id, out _);
        return Task.CompletedTask;
    }

    private static bool IsBelow(S3Path path, S3Path prefix) =>
        path.Bucket == prefix.Bucket && path.Key.StartsWith(prefix.Key, StringComparison.Ordinal);

    private static S3Path Parse(string address) =>
        S3Path.TryParse(address, out var path) ? path : throw new ArgumentException($"{address} is no address of an object.");

    private static string Tag(byte[] bytes) =>
        $"\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA1.HashData(bytes))}\"";

    private void Put(S3Path path, byte[] bytes, string? sha256) => objects[path] = (bytes, Now, sha256);
}
