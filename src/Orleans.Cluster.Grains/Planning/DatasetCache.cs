using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;

namespace Orleans.Cluster.Grains.Planning;

/// <summary>
/// What was found out about datasets, by the paths, sizes and times of their files and all that was said of them. A file that changes has
/// another key, so nothing here is ever stale. Bounded by the files of all entries together.
/// </summary>
internal sealed class DatasetCache<TValue>
    where TValue : class
{
    /// <summary>Files of all entries together; a probed file is a few hundred bytes.</summary>
    internal const int MaxFiles = 200_000;

    private const int MaxEntries = 256;

    private readonly RecentValues<TValue> values = new(MaxEntries, MaxFiles);

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

    public TValue? Find(string key) => values.Find(key);

    public void Add(string key, TValue value, int files) => values.Add(key, value, files);
}
