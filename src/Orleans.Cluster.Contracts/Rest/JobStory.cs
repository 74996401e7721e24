using System.Text.Json;

namespace Orleans.Cluster.Contracts.Rest;

/// <summary>A job in words, made from what was measured: the answer of <c>jobs/{id}/story</c>.</summary>
/// <param name="Verdict">One paragraph: how long it took, what it waited for, what was retried, what took longest.</param>
/// <param name="Phases">Where its time went, in order.</param>
/// <param name="Findings">What stands out, the most costly first; empty when nothing does.</param>
public sealed record JobStory(string Verdict, IReadOnlyList<StoryPhase> Phases, IReadOnlyList<StoryFinding> Findings);

/// <summary>A stretch of a job's time.</summary>
/// <param name="Phase">Upper-case word of a <see cref="JobPhase"/>.</param>
/// <param name="Seconds">How long it lasted, or has lasted so far.</param>
/// <param name="Reason">What it waited for or did then.</param>
public sealed record StoryPhase(string Phase, double Seconds, string? Reason);

/// <summary>Something that made a job slow, or that a reader should know.</summary>
/// <param name="Code">
/// A lower-case word: <c>retries</c>, <c>worker-lost</c>, <c>skew</c>, <c>spill</c>, <c>out-of-memory</c>, <c>slow-writes</c>,
/// <c>waited</c>, <c>quarantine</c>, <c>tiny-partitions</c>.
/// </param>
/// <param name="Detail">What it is.</param>
/// <param name="Evidence">What was measured.</param>
/// <param name="Change">A field of the next submit and the value to give it; null when no setting helps.</param>
public sealed record StoryFinding(string Code, string Detail, string Evidence, StoryChange? Change = null);

/// <summary>A change of a job's spec.</summary>
/// <param name="Pointer">JSON pointer into the spec, such as <c>/partitioning/targetBytes</c>.</param>
/// <param name="Value">The value to set there.</param>
public sealed record StoryChange(string Pointer, JsonElement Value);
