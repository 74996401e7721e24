using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Storage.Rows;

/// <summary>A partition of an open stage.</summary>
internal sealed class PartitionRow
{
    public required string JobId { get; set; }
    public int Stage { get; set; }
    public int Partition { get; set; }
    public int Epoch { get; set; }

    /// <summary>
    /// Place in the order of the stage, each number padded so that the order of the text is the order of the numbers.
    /// </summary>
    public required string Place { get; set; }

    public PartitionState State { get; set; }
    public int Attempt { get; set; }
    public int Faults { get; set; }
    public int Crashes { get; set; }

    /// <summary>Times that its committed artifact was lost.</summary>
    public int Losses { get; set; }

    /// <summary>Workers that died while they ran it; each is another one.</summary>
    public int Deaths { get; set; }
    public DateTimeOffset? NotBefore { get; set; }
    public string? Worker { get; set; }
    public long Bytes { get; set; }
    public required string Work { get; set; }
    public string? Failure { get; set; }
    public string? Manifest { get; set; }
    public string? ArtifactFolder { get; set; }

    /// <summary>Sums of the manifest, so that progress needs no documents; 0 unless committed.</summary>
    public long RowsIn { get; set; }
    public long RowsOut { get; set; }
    public long BytesOut { get; set; }
    public long QuarantinedRows { get; set; }
}

/// <summary>One attempt. Rows are added when an attempt begins and changed once, when it ends.</summary>
internal sealed class AttemptRow
{
    public required string JobId { get; set; }
    public int Stage { get; set; }
    public int Partition { get; set; }
    public int Number { get; set; }
    public required string Worker { get; set; }
    public AttemptState State { get; set; }
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public string? Failure { get; set; }
    public string? Cost { get; set; }
}
