using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// The mark of an artifact store: whose it is, and how late a state of the database it has seen. A folder without it is a disk
/// that is not mounted; one with another's is another cluster's; one with a higher epoch has seen a later state of this database,
/// which was put back since. Nothing is deleted in such a store. The database is raised before the mark, so that the mark is
/// never ahead by itself.
/// </summary>
internal sealed class StoreMark(ClusterPaths paths, IStoreIdentities identities, IJobStore jobs, ArtifactFolders folders)
{
    /// <summary>Name of the file. No job's folder has a name like it.</summary>
    public const string FileName = "_store.json";

    private const string HowToAdopt =
        "If it is the right folder, run 'Orleans.Cluster.Silo store adopt' with the configuration of a gateway.";

    private string Path => System.IO.Path.Combine(paths.Artifacts, FileName);

    /// <summary>
    /// Marks a store that is new, and raises the mark of one that is this cluster's. For gateways, at their start and from then
    /// on.
    /// </summary>
    /// <returns>Why the store is not this cluster's, and nothing may be deleted there; null when it is.</returns>
    public async Task<string?> Claim(CancellationToken cancellationToken)
    {
        var identity = await identities.Make(cancellationToken);
        if (File.Exists(Path))
        {
            if (await FindFault(cancellationToken) is { } fault)
            {
                return fault;
            }
        }
        else if (!await MayMark(identity, cancellationToken))
        {
            return Missing();
        }

        Directory.CreateDirectory(paths.Artifacts);
        Write(await identities.Raise(0, cancellationToken));
        return null;
    }

    /// <summary>Why the store is not this cluster's; null when it is.</summary>
    public async Task<string?> FindFault(CancellationToken cancellationToken)
    {
        // The mark is read before the database, which is raised first.
        var mark = TryRead();
        if (await identities.Find(cancellationToken) is not { } identity)
        {
            return "The database does not name its artifact store yet; a gateway does so at its start.";
        }

        return FaultOf(identity) is { } fault ? fault
            : mark?.Epoch > identity.Epoch
                ? $"The artifact store {paths.Artifacts} has seen a later state of the database than this one: the database was "
                + $"put back. {HowToAdopt}"
                : null;
    }

    /// <summary>Makes the store this cluster's, whatever its mark says. An operator's decision.</summary>
    public async Task<StoreIdentity> Adopt(CancellationToken cancellationToken)
    {
        await identities.Make(cancellationToken);
        Directory.CreateDirectory(paths.Artifacts);
        var adopted = await identities.Raise(TryRead()?.Epoch ?? 0, cancellationToken);
        Write(adopted);
        return adopted;
    }

    /// <summary>Why a process may not work with the store, as far as the store's own folder tells; null when it may.</summary>
    /// <param name="identity">What the database says.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public string? FaultOf(StoreIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (!File.Exists(Path))
        {
            return Missing();
        }

        return TryRead() is not { } mark ? $"{Path} is not the mark of an artifact store. {HowToAdopt}"
            : mark.Id != identity.Id
            ? $"{paths.Artifacts} is the artifact store of another cluster or of another database. {HowToAdopt}"
            : OutputPlace.MayWrite(paths.Artifacts) ? null
            : $"The artifact store {paths.Artifacts} cannot be written to.";
    }

    // One that was marked once has lost its mark or is not mounted, unless it lies beside the database itself. One that never was
    // is new, or of a version without marks: then the database knows its jobs.
    private async Task<bool> MayMark(StoreIdentity identity, CancellationToken cancellationToken)
    {
        if (paths.ArtifactsAreInState)
        {
            return true;
        }

        var present = folders.ListJobs();
        return identity.Epoch == 0
            && (present.Count == 0 || (await jobs.FindPhases([.. present.Take(1000)], cancellationToken)).Count > 0);
    }

    private string Missing() =>
        $"The mark {FileName} of this cluster is not in {paths.Artifacts}: the folder that all share is not mounted there. "
        + $"{HowToAdopt}";

    private StoreIdentity? TryRead()
    {
        try
        {
            return JsonSerializer.Deserialize<StoreIdentity>(File.ReadAllText(Path), WireJson.Options) is { Id: not null } mark
                ? mark : null;
        }
        catch (Exception exception) when (exception is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Write(StoreIdentity identity)
    {
        var hidden = $"{Path}.{Guid.NewGuid():N}.tmp";
        using (var stream = new FileStream(hidden, FileMode.CreateNew, FileAccess.Write))
        {
            JsonSerializer.Serialize(stream, identity, WireJson.Options);
            stream.Flush(flushToDisk: true);
        }

        File.Move(hidden, Path, overwrite: true);
        FolderSync.Sync(paths.Artifacts);
    }
}
