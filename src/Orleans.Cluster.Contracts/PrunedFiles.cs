namespace Orleans.Cluster.Contracts;

/// <summary>
/// Files that a query's condition left out of a dataset: by the values of their folders none of their rows meets it.
/// </summary>
/// <param name="Files">Files left out.</param>
/// <param name="OfFiles">Files that the dataset has.</param>
/// <param name="Bytes">Bytes left out, as stored.</param>
public sealed record PrunedFiles(int Files, int OfFiles, long Bytes);
