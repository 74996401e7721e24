using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Gives executors leave to read objects of a store, without the credentials for it.</summary>
internal interface IObjectGrants
{
    /// <summary>Leave to read those of the files that are objects; null when none are.</summary>
    ObjectGrant? For(IEnumerable<FileStamp> files);
}
