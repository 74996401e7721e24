using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>What was decided of the first record of one file.</summary>
/// <param name="Look">The file.</param>
/// <param name="Names">Names of its header as they are written; null where the first record is data, or there is none.</param>
/// <param name="How">How that is known.</param>
internal sealed record FileHeader(TextLook Look, IReadOnlyList<string>? Names, HeaderEvidence How)
{
    /// <summary>Where its records begin.</summary>
    public FilePlace Data => Names is null ? Look.AsData : Look.BelowHeader;

    /// <summary>The file's dialect with what was decided.</summary>
    public TextDialect Dialect => Look.Dialect with { Header = Names is not null, HeaderHow = How };
}
