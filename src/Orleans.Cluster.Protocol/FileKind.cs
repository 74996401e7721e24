namespace Orleans.Cluster.Protocol;

/// <summary>What is open under a descriptor.</summary>
public enum FileKind
{
    /// <summary>A pipe, a socket or a device.</summary>
    Other = 0,

    /// <summary>A file with bytes.</summary>
    Regular = 1,

    /// <summary>A folder.</summary>
    Folder = 2,
}
