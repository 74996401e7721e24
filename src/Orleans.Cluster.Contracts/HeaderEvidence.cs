namespace Orleans.Cluster.Contracts;

/// <summary>How it is known whether a text file has a header.</summary>
public enum HeaderEvidence
{
    /// <summary>Nothing decides it; the plan has a warning.</summary>
    Guessed = 0,

    /// <summary>By the types of the records below it, or their number of fields.</summary>
    Types = 1,

    /// <summary>The user said so.</summary>
    Declared = 2,
}
