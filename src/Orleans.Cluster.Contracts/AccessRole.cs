namespace Orleans.Cluster.Contracts;

/// <summary>What a caller may do: by role, what it may see and change. Numbers are stored; they are never reused.</summary>
public enum AccessRole
{
    /// <summary>Reads every job's status, and nobody's rows.</summary>
    Viewer = 0,

    /// <summary>Submits, cancels and retries jobs of its own, and sees these and their rows.</summary>
    Submitter = 1,

    /// <summary>Everything: the cluster, other callers' jobs, keys, the audit log.</summary>
    Admin = 2,
}
