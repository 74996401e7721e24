using Orleans.Cluster.Contracts;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.Files.Places;

/// <summary>What counts in an output of an object store: as <see cref="PublishedFiles"/>, what its manifests name.</summary>
internal sealed class PublishedObjects(IObjectStore store)
{
    /// <summary>What is in an output, by ordinal order; null when no manifest is there: then it is nobody's output.</summary>
    /// <exception cref="ObjectStoreException">The store refused or did not answer.</exception>
    /// <exception cref="InvalidDataException">A manifest names what is not there.</exception>
    public async Task<IReadOnlyList<ObjectInfo>?> In(S3Path folder, CancellationToken cancellationToken)
    {
        if (await Named(folder, cancellationToken) is not { } named)
        {
            return null;
        }

        var found = new List<ObjectInfo>();
        await foreach (var item in store.List(folder.Below(""), cancellationToken))
        {
            if (named.Remove(item.Path.Key))
            {
                found.Add(item);
            }
        }

        return named.Count == 0
            ? found
            : throw new InvalidDataException($"A manifest there names '{named.Order(StringComparer.Ordinal).First()}', "
                + "which is not there.");
    }

    /// <summary>Takes out of a listing what no manifest of its output names, as of folders.</summary>
    /// <exception cref="ObjectStoreException">The store refused or did not answer.</exception>
    public async Task RemoveOthers(List<ObjectInfo> found, CancellationToken cancellationToken)
    {
        var known = new Dictionary<S3Path, HashSet<string>?>();
        foreach (var home in found.Where(IsPart).Select(item => HomeOf(item.Path)).Distinct().ToList())
        {
            known[home] = await Named(home, cancellationToken);
        }

        found.RemoveAll(item => IsPart(item) && known[HomeOf(item.Path)] is { } named && !named.Contains(item.Path.Key));
    }

    private static bool IsPart(ObjectInfo item) => OutputNames.JobOfPart(item.Path.Key.Split('/')[^1]) is not null;

    // The manifest is in the first folder above that is no key=value.
    private static S3Path HomeOf(S3Path path)
    {
        var names = path.Key.Split('/');
        var count = names.Length - 1;
        while (count > 0 && names[count - 1].Contains('=', StringComparison.Ordinal))
        {
            count--;
        }

        return path with { Key = string.Join('/', names[..count]) };
    }

    // Keys that manifests name; null without one.
    private async Task<HashSet<string>?> Named(S3Path folder, CancellationToken cancellationToken)
    {
        HashSet<string>? named = null;
        await foreach (var item in store.List(folder.Below(OutputNames.ManifestPrefix), cancellationToken))
        {
            if (OutputNames.JobOfManifest(folder.NameOf(item.Path)) is { } owner)
            {
                named ??= new HashSet<string>(StringComparer.Ordinal);
                named.UnionWith((await Read(item.Path, cancellationToken))?.Files
                    .Where(file => OutputNames.JobOfPart(file.Path) == owner).Select(file => folder.Below(file.Path).Key) ?? []);
            }
        }

        return named;
    }

    /// <summary>What a manifest says; null when there is none, or it is not one.</summary>
    /// <exception cref="ObjectStoreException">The store refused or did not answer.</exception>
    public async Task<JobResult?> Read(S3Path manifest, CancellationToken cancellationToken)
    {
        await using var content = await store.Open(manifest, cancellationToken);
        return content is null ? null : await Task.Run(() => ManifestFile.TryRead(content), cancellationToken);
    }
}
