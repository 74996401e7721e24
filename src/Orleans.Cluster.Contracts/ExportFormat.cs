namespace Orleans.Cluster.Contracts;

/// <summary>Form of a page of rows.</summary>
public enum ExportFormat
{
    /// <summary>The JSON document of <c>/result</c>: columns, rows as arrays, total.</summary>
    Json = 0,

    /// <summary>CSV with a header.</summary>
    Csv = 1,

    /// <summary>Parquet.</summary>
    Parquet = 2,

    /// <summary>An Arrow IPC stream.</summary>
    Arrow = 3,

    /// <summary>An Arrow IPC stream whose buffers are LZ4 frames.</summary>
    ArrowLz4 = 4,

    /// <summary>An Arrow IPC stream whose buffers are Zstandard frames.</summary>
    ArrowZstd = 5,
}
