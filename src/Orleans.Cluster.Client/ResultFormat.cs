namespace Orleans.Cluster.Client;

/// <summary>Form in which a result is read.</summary>
public enum ResultFormat
{
    /// <summary>One JSON document with columns and rows.</summary>
    Json = 0,

    /// <summary>Comma-separated text with a header line.</summary>
    Csv = 1,

    /// <summary>Apache Parquet.</summary>
    Parquet = 2,

    /// <summary>An Arrow IPC stream; <see cref="ArrowResults.ReadArrowAsync"/> reads it.</summary>
    Arrow = 3,
}
