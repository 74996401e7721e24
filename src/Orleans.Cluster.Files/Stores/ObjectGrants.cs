using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Stores;

/// <summary>Signs addresses of single objects.</summary>
internal sealed class ObjectGrants(IObjectStore store, IOptions<S3Options> options, ClusterPaths paths) : IObjectGrants
{
    public ObjectGrant? For(IEnumerable<FileStamp> files)
    {
        var objects = files.Where(file => ObjectGrant.IsObject(file.Path)).Distinct()
            .Select(file => S3Path.TryParse(file.Path, out var path)
                ? new ObjectAccess(file.Path, store.Sign(path), file.Bytes, file.ETag) : null)
            .OfType<ObjectAccess>().ToList();
        return objects.Count == 0
            ? null
            : new ObjectGrant(objects, options.Value.CaFile is { } file ? Path.GetFullPath(file) : null, Scratch);
    }

    // By the process, as all scratch: what a killed one left is swept.
    private string Scratch =>
        Path.Combine(paths.Scratch, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), "objects");
}
