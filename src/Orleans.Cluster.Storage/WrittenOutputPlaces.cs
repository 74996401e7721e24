using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Storage;

/// <summary>Folders as they are written, for commands that work on the store alone and claim nothing.</summary>
internal sealed class WrittenOutputPlaces(ClusterPaths paths) : IOutputPlaces
{
    public string Of(string path) => paths.OutputFolder(path);
}
