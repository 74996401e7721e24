using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.StorageTests;

/// <summary>Makes publishers as the product's composition does.</summary>
internal static class TestOutputs
{
    public static OutputPublisher Publisher(
        ClusterPaths paths, DataRoots roots, IOptions<ClusterSettings> settings, TimeProvider clock, IObjectStore? objects = null)
    {
        var store = objects ?? new MemoryObjects();
        var stored = new StoredFiles(store);
        return new OutputPublisher(
            paths, roots, stored,
            new FolderPublisher(roots, stored, settings, clock, NullLogger<FolderPublisher>.Instance),
            new ObjectPublisher(roots, store, stored, paths, clock, NullLogger<ObjectPublisher>.Instance));
    }
}
