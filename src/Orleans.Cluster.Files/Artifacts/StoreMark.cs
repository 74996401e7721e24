using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// The mark of an artifact store: whose it is, and how late a state of the database it has seen. A folder without it is a disk
/// that is not mounted, and a prefix of objects without it is another one than was meant; one with another's is another
/// cluster's; one with a higher epoch has seen a later state of this database, which was put back since. Nothing is deleted in
/// such a store. The database is raised before the mark, so that the mark is never ahead by itself.
/// </summary>
internal sealed class StoreMark(
    ClusterPaths paths, IStoreIdentities identities, IJobStore jobs, IArtifactFiles files)
{
    /// <summary>Name of the file or object. No job's folder has a name like it.</summary>
    public const string FileName = "_store.json";

    private const string HowToAdopt =
        "If it is the right one, run 'Orleans.Cluster.Silo store adopt' with the configuration of a gateway.";

    private string Path => paths.Artifact(FileName);

    /// <summary>
    /// Marks a store that is new, and raises the mark of one that is this cluster's. For gateways, at their start and from then
    /// on.
    /// </summary>
    /// <returns>Why the store is not this cluster's, and nothing may be deleted there; null when it is.</returns>
    public async Task<string?> Claim(CancellationToken cancellationToken)
    {
        var identity = await identities.Make(cancellationToken);
        var isNew = await files.ReadMark(cancellationToken) is null;
        if (!isNew)
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

        return await Write(await identities.Raise(0, cancellationToken), isNew, cancellationToken)
            ? null : await FindFault(cancellationToken);
    }

    /// <summary>Why the store is not this cluster's; null when it is.</summary>
    public async Task<string?> FindFault(CancellationToken cancellationToken)
    {
        // The mark is read before the database, which is raised first.
        var bytes = await files.ReadMark(cancellationToken);
        if (await identities.Find(cancellationToken) is not { } identity)
        {
            return "The database does not name its artifact store yet; a gateway does so at its start.";
        }

        return FaultOf(identity, bytes) is { } fault ? fault
            : Read(bytes)?.Epoch > identity.Epoch
                ? $"The artifact store {paths.Artifacts} has seen a later state of the database than this one: the database was "
                + $"put back. {HowToAdopt}"
                : null;
    }

    /// <summary>Makes the store this cluster's, whatever its mark says. An operator's decision.</summary>
    public async Task<StoreIdentity> Adopt(CancellationToken cancellationToken)
    {
        await identities.Make(cancellationToken);
        var adopted = await identities.Raise(Read(await files.ReadMark(cancellationToken))?.Epoch ?? 0, cancellationToken);
        await Write(adopted, isNew: false, cancellationToken);
        return adopted;
    }

    /// <summary>Why a process may not work with the store, as far as the store itself tells; null when it may.</summary>
    /// <param name="identity">What the database says.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<string?> FindFaultOf(StoreIdentity identity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return FaultOf(identity, await files.ReadMark(cancellationToken));
    }

    private string? FaultOf(StoreIdentity identity, byte[]? mark) => mark is null ? Missing()
        : Read(mark) is not { } read ? $"{Path} is not the mark of an artifact store. {HowToAdopt}"
        : read.Id != identity.Id
        ? $"{paths.Artifacts} is the artifact store of another cluster or of another database. {HowToAdopt}"
        : files.FindWriteFault();

    // One that was marked once has lost its mark or is not mounted, unless it lies beside the database itself. One that never was
    // is new, or of a version without marks: then the database knows its jobs.
    private async Task<bool> MayMark(StoreIdentity identity, CancellationToken cancellationToken)
    {
        if (paths.ArtifactsAreInState)
        {
            return true;
        }

        var present = await files.ListJobs(cancellationToken);
        return identity.Epoch == 0
            && (present.Count == 0 || (await jobs.FindPhases([.. present.Take(1000)], cancellationToken)).Count > 0);
    }

    private string Missing() => paths.ArtifactFolder is null
        ? $"The mark {FileName} of this cluster is not in {paths.Artifacts}: it is another place than the one that the database "
        + $"names, or was emptied. {HowToAdopt}"
        : $"The mark {FileName} of this cluster is not in {paths.Artifacts}: the folder that all share is not mounted there. "
        + $"{HowToAdopt}";

    private static StoreIdentity? Read(byte[]? mark)
    {
        try
        {
            return mark is not null
                && JsonSerializer.Deserialize<StoreIdentity>(mark, WireJson.Options) is { Id: not null } identity
                ? identity : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private Task<bool> Write(StoreIdentity identity, bool isNew, CancellationToken cancellationToken) =>
        files.WriteMark(JsonSerializer.SerializeToUtf8Bytes(identity, WireJson.Options), isNew, cancellationToken);
}
