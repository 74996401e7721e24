using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.Files.Outputs;

/// <inheritdoc cref="IOutputOwners"/>
internal sealed class OutputOwners(DataRoots roots, IObjectStore store) : IOutputOwners
{
    public async Task<IReadOnlyList<JobId>> ListJobs(OutputSpec output, CancellationToken cancellationToken)
    {
        var folder = roots.ResolveOutput(output.Path, "/output/path");
        return S3Path.TryParse(folder, out var place) ? await List(output, place, cancellationToken)
            : Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, OutputNames.AnyManifest)
                .Select(path => OutputNames.JobOfManifest(Path.GetFileName(path))).OfType<JobId>()]
            : [];
    }

    private async Task<IReadOnlyList<JobId>> List(OutputSpec output, S3Path place, CancellationToken cancellationToken)
    {
        try
        {
            var found = new List<JobId>();
            await foreach (var item in store.List(place.Below(OutputNames.ManifestPrefix), cancellationToken))
            {
                found.AddRange(OutputNames.JobOfManifest(place.NameOf(item.Path)) is { } job ? [job] : []);
            }

            return found;
        }
        catch (ObjectStoreException fault)
        {
            throw fault.ToUnavailable();
        }
    }
}
