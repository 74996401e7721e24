namespace Orleans.Cluster.Contracts;

/// <summary>
/// What a query's condition left out of a dataset: no row of it meets the condition, by the values of the files' folders or by
/// the least and greatest values that Parquet keeps of each row group.
/// </summary>
/// <param name="Files">Files left out.</param>
/// <param name="OfFiles">Files that the dataset has.</param>
/// <param name="Bytes">Bytes left out, as stored.</param>
public sealed record PrunedFiles(int Files, int OfFiles, long Bytes)
{
    /// <summary>Row groups of Parquet left out, beside those of files that were left out by their folders.</summary>
    public int RowGroups { get; init; }

    /// <summary>Row groups of Parquet that were looked at; 0 when none were.</summary>
    public int OfRowGroups { get; init; }
}
