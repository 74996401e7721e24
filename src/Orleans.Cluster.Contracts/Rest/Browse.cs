namespace Orleans.Cluster.Contracts.Rest;

/// <summary>One page of a folder below the data roots.</summary>
/// <param name="Path">The folder, as <c>path</c> of a source would name it; empty for the list of roots.</param>
/// <param name="Entries">Folders first, then files, each by name.</param>
/// <param name="NextPageToken">Asks for the next page; null on the last one.</param>
public sealed record BrowsePage(string Path, IReadOnlyList<BrowseEntry> Entries, string? NextPageToken);

/// <summary>A folder or a file.</summary>
/// <param name="Name">Its name; for a root, its whole path.</param>
/// <param name="Kind">Which of the two.</param>
/// <param name="Bytes">Size of a file; 0 for a folder.</param>
/// <param name="ModifiedAt">When it last changed.</param>
public sealed record BrowseEntry(string Name, BrowseKind Kind, long Bytes, DateTimeOffset ModifiedAt);

/// <summary>What an entry is.</summary>
public enum BrowseKind
{
    /// <summary>It holds other entries.</summary>
    Folder = 0,

    /// <summary>It can be read.</summary>
    File = 1,
}

/// <summary>First rows of a dataset as a job would read them: the answer of <c>data/preview</c>. Nothing of it is kept.</summary>
/// <param name="Columns">Columns in order.</param>
/// <param name="Rows">Each holds one value for each column, in the form of <c>/result</c>.</param>
/// <param name="Warnings">What a user should know.</param>
public sealed record RowsPreview(
    IReadOnlyList<ColumnSchema> Columns, IReadOnlyList<IReadOnlyList<System.Text.Json.JsonElement>> Rows,
    IReadOnlyList<PlanWarning> Warnings);

/// <summary>Body of <c>data/preview</c>.</summary>
/// <param name="Source">The dataset; the configured default when null.</param>
/// <param name="Limit">Rows at most, 1 to 1,000.</param>
public sealed record PreviewRequest(SourceSpec? Source = null, int Limit = 20);
