using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Whether a file's first record is a header, as far as the file itself tells.</summary>
/// <param name="IsHeader">Whether it is.</param>
/// <param name="How">How that is known.</param>
/// <param name="HasRowNames">
/// Whether the records have one field more in front, as R writes them: names of rows without a name of their own.
/// </param>
internal readonly record struct HeaderVerdict(bool IsHeader, HeaderEvidence How, bool HasRowNames = false);
