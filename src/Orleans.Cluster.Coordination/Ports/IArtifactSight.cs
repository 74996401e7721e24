using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>What this process sees of the artifact store.</summary>
internal interface IArtifactSight
{
    /// <summary>
    /// Why this process can say nothing of the store, and should not work with it; null when it sees the mark of this cluster
    /// there.
    /// </summary>
    string? FindFault();

    /// <summary>
    /// Looks at once, since somebody could not work with the store, and answers as <see cref="FindFault"/> does from then on.
    /// </summary>
    Task<string?> LookAgain(CancellationToken cancellationToken);

    /// <summary>Completes when the store was found to be this cluster's for the first time.</summary>
    Task Seen { get; }

    /// <summary>Looks at all files of a committed partition.</summary>
    Task<ArtifactSeen> Look(PartitionRecord committed, CancellationToken cancellationToken);

    /// <summary>
    /// Another process sees a partition's files whole that this one does not: its own sight is at fault, for a while.
    /// </summary>
    void Distrust(PartitionRecord committed);
}

/// <summary>What one process sees of a committed artifact.</summary>
[GenerateSerializer, Alias("ArtifactSeen")]
internal enum ArtifactSeen
{
    /// <summary>It cannot tell.</summary>
    Unknown = 0,

    /// <summary>As it was committed.</summary>
    Whole = 1,

    /// <summary>Gone or different.</summary>
    Lost = 2,
}
