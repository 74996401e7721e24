using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Scanning;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Slices of JSON of one layout: scanned where they are, or staged for the engine's own reader, for good once a scan met an odd
/// record.
/// </summary>
/// <param name="scanned">The table that scans them; null to stage them from the start.</param>
/// <param name="stage">Stages them.</param>
internal sealed class JsonPart(JsonTable? scanned, Func<StagedTable> stage)
{
    /// <summary>The table that scans them; null once they are staged.</summary>
    public JsonTable? Scanned { get; private set; } = scanned;

    /// <summary>The staged table; null while they are scanned.</summary>
    public StagedTable? Staged { get; private set; }

    /// <summary>Rows of columns of the dataset.</summary>
    public string SelectSql(IReadOnlyList<ColumnSchema> columns) => Scanned?.SelectSql(columns) ?? Staged!.SelectSql(columns);

    /// <summary>Stages them where they are not scanned, or not any more.</summary>
    public void StageIfNeeded()
    {
        if (Staged is null && Scanned is not { IsOdd: false })
        {
            Staged = stage();
            Scanned = null;
        }
    }
}
