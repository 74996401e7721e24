namespace Orleans.Cluster.Contracts;

/// <summary>Where a task's rows go.</summary>
public enum OutputKind
{
    /// <summary>One Parquet file in the artifact store, read whole by later stages.</summary>
    Single = 0,

    /// <summary>One Parquet file for each target that has rows.</summary>
    Exchange = 1,

    /// <summary>Files of the job's result.</summary>
    Result = 2,

    /// <summary>Pieces of an inflated stream, each read by one later task.</summary>
    Chunks = 3,
}
