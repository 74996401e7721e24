using Orleans.Cluster.Contracts;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.Files.Places;

/// <summary>Whether an output can be put into a place of an object store; as <see cref="OutputPlace"/> for folders.</summary>
internal static class ObjectPlace
{
    /// <summary>For ERROR_IF_EXISTS.</summary>
    /// <exception cref="ClusterException">
    /// <c>output-exists</c>: an object that is not hidden and not this job's is there, at any depth.
    /// </exception>
    /// <exception cref="ObjectStoreException">The store refused or did not answer.</exception>
    public static async Task ThrowIfTaken(
        IObjectStore store, S3Path folder, OutputSpec output, JobId? own, CancellationToken cancellationToken)
    {
        await foreach (var item in store.List(folder.Below(""), cancellationToken))
        {
            var name = folder.NameOf(item.Path);
            var names = name.Split('/');
            if (!Array.Exists(names, OutputNames.IsHidden) && names[^1].Length > 0
                && (own is not { } job || (OutputNames.JobOfManifest(name) != job && OutputNames.JobOfPart(names[^1]) != job)))
            {
                throw new ClusterException(
                    Contracts.ProblemCode.OutputExists, $"{output.Path} already holds objects, such as {name}.",
                    "Choose another output.path, or set output.mode to OVERWRITE or APPEND.");
            }
        }
    }
}
