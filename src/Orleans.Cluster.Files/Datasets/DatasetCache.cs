using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// What was found out about datasets, by the paths, sizes and times of their files and all that was said of them. A file that
/// changes has another key, so nothing here is ever stale. The least recently used go first, once all together hold too many
/// files.
/// </summary>
internal sealed class DatasetCache<TValue>
    where TValue : class
{
    /// <summary>Files of all entries together; a probed file is a few hundred bytes.</summary>
    internal const int MaxFiles = 200_000;

    private const int MaxEntries = 256;

    private readonly Lock sync = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> byUse = new();
    private long fileCount;

    public static string KeyOf(IReadOnlyList<FileStamp> files, params object[] asked)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(asked, WireJson.Options));
        foreach (var file in files)
        {
            hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(file, WireJson.Options));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public TValue? Find(string key)
    {
        lock (sync)
        {
            if (!byKey.TryGetValue(key, out var node))
            {
                return null;
            }

            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value.Value;
        }
    }

    public void Add(string key, TValue value, int files)
    {
        lock (sync)
        {
            if (byKey.ContainsKey(key))
            {
                return;
            }

            byKey[key] = byUse.AddFirst(new Entry(key, value, files));
            fileCount += files;
            while (byUse.Count > 1 && (byUse.Count > MaxEntries || fileCount > MaxFiles))
            {
                var last = byUse.Last!.Value;
                byUse.RemoveLast();
                byKey.Remove(last.Key);
                fileCount -= last.Files;
            }
        }
    }

    private sealed record Entry(string Key, TValue Value, int Files);
}
