using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>Folders with all links followed; one whose links go in a circle is as it is written, and refused elsewhere.</summary>
internal sealed class RealOutputPlaces(ClusterPaths paths) : IOutputPlaces
{
    public string Of(string path)
    {
        var written = Path.TrimEndingDirectorySeparator(paths.OutputFolder(path));
        if (ObjectGrant.IsObject(written))
        {
            return written;
        }

        return new RealPaths().Of(written) ?? written;
    }
}
