using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Grains.Results;

/// <summary>Folders of the artifact store, by job.</summary>
internal sealed class ArtifactFolders(ClusterPaths paths)
{
    /// <summary>Removes all artifacts of a job that has been deleted.</summary>
    public void Delete(JobId job)
    {
        var folder = Path.Combine(paths.Artifacts, job.Value);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
