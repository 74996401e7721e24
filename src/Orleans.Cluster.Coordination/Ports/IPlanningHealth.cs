namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Whether this silo's planning executors answer.</summary>
internal interface IPlanningHealth
{
    /// <summary>What is wrong, for people; null when they answer, or nobody asks.</summary>
    string? FindFault();
}
