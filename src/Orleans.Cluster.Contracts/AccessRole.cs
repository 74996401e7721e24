namespace Orleans.Cluster.Contracts;

/// <summary>
/// What a caller may do; each role may do all that the one before it may. Numbers are stored; they are never reused.
/// </summary>
public enum AccessRole
{
    /// <summary>Reads.</summary>
    Viewer = 0,

    /// <summary>Submits, cancels and retries jobs of its own.</summary>
    Submitter = 1,

    /// <summary>Everything: the cluster, other callers' jobs, keys, the audit log.</summary>
    Admin = 2,
}
