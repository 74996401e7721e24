using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>The disks of this gateway, and the artifact store as this gateway sees it.</summary>
internal sealed class FileHealth(ClusterPaths paths, IArtifactSight sight)
{
    /// <summary>Below so much room the database and the artifacts cannot grow for long.</summary>
    private const long LeastFreeBytes = 128L << 20;

    /// <summary>Why the artifact store cannot be used: it does not answer, or is another one; null when it can.</summary>
    public string? FindStoreFault() => sight.FindFault();

    /// <summary>Which disk has too little room; null when each has enough.</summary>
    public string? FindFullDisk()
    {
        foreach (var folder in new[] { paths.State, paths.ArtifactFolder, paths.Scratch }.OfType<string>())
        {
            // A folder that is not made yet is on the disk of the nearest one that is.
            var present = folder;
            while (!Directory.Exists(present) && Path.GetDirectoryName(present) is { } parent)
            {
                present = parent;
            }

            if (new DriveInfo(present).AvailableFreeSpace is < LeastFreeBytes and var free)
            {
                return $"{free >> 20} MiB are free on the disk of {folder}; {LeastFreeBytes >> 20} MiB are needed. Make room "
                    + "there.";
            }
        }

        return null;
    }
}
