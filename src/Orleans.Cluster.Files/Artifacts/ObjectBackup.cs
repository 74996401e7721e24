using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>Copies the artifact store of an object store into a folder of this machine, and back.</summary>
internal sealed class ObjectBackup(ClusterPaths paths, IObjectStore store)
{
    private const int CopiesInFlight = 8;

    private readonly S3Path root = S3Path.TryParse(paths.Artifacts, out var place) ? place : default;

    /// <summary>Whether nothing of a cluster is there.</summary>
    /// <exception cref="ObjectStoreException">The store refused, or was away for too long.</exception>
    public async Task<bool> IsEmpty(CancellationToken cancellationToken)
    {
        await foreach (var item in store.List(root.Below(""), cancellationToken))
        {
            if (IsOwn(root.NameOf(item.Path)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Copies all that is there into a folder; what is removed meanwhile is left out.</summary>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public Task Save(string folder, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        store.List(root.Below(""), cancellationToken),
        new ParallelOptions { MaxDegreeOfParallelism = CopiesInFlight, CancellationToken = cancellationToken },
        async (item, token) =>
        {
            var name = root.NameOf(item.Path);
            if (!IsOwn(name))
            {
                return;
            }

            await using var source = await store.Open(item.Path, token);
            if (source is not null)
            {
                var target = Path.Combine(folder, name);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                await using var file = new FileStream(target, FileMode.CreateNew, FileAccess.Write);
                await source.CopyToAsync(file, token);
            }
        });

    /// <summary>Copies the files of a folder back.</summary>
    /// <exception cref="IOException">They cannot be read or written.</exception>
    public Task Restore(string folder, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) : [],
        new ParallelOptions { MaxDegreeOfParallelism = CopiesInFlight, CancellationToken = cancellationToken },
        async (file, token) => await store.Write(
            root.Below(Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')), file, sha256: null, token));

    // Somebody else's objects are not copied, and neither is a name that would lead out of the folder.
    private static bool IsOwn(string name)
    {
        var names = name.Split('/');
        return names.All(part => part is not ("" or "." or ".."))
            && (name == StoreMark.FileName || JobId.TryParse(names[0], null, out _));
    }
}
