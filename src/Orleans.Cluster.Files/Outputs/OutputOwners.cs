using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Places;

namespace Orleans.Cluster.Files.Outputs;

/// <inheritdoc cref="IOutputOwners"/>
internal sealed class OutputOwners(DataRoots roots) : IOutputOwners
{
    public IReadOnlyList<JobId> ListJobs(OutputSpec output)
    {
        var folder = roots.ResolveOutput(output.Path, "/output/path");
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, OutputNames.AnyManifest)
                .Select(path => OutputNames.JobOfManifest(Path.GetFileName(path))).OfType<JobId>()]
            : [];
    }
}
