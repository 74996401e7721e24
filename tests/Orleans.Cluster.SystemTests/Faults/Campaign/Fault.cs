namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>
/// Something that happens to a cluster: it begins, lasts for a time that it draws, and is over, at the latest when it is
/// <paramref name="Happen"/>'s end. Only processes that it ended are left to be started again.
/// </summary>
internal sealed record Fault(string Name, Func<Random, Task> Happen);
