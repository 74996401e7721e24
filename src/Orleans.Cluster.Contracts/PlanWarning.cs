namespace Orleans.Cluster.Contracts;

/// <summary>Something about a plan that a user should know; <paramref name="Code"/> is a lower-case word.</summary>
public sealed record PlanWarning(string Code, string Detail);
