using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// A page of rows in a file: a stored one that is the page as it is, or a scratch file, which may still be growing and which goes
/// when this is disposed.
/// </summary>
internal sealed class RowsFile : IDisposable
{
    private readonly CancellationTokenSource? ends;
    private readonly IDisposable? share;

    /// <summary>A stored file.</summary>
    /// <param name="stored">The file, open: by its path others may have exchanged it since.</param>
    /// <param name="rows">Its rows.</param>
    public RowsFile(FileStream stored, ExportedRows rows)
    {
        (Stored, Path, Rows) = (stored, stored.Name, rows);
        Written = Task.CompletedTask;
    }

    /// <summary>A scratch file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="rows">The rows that it will have.</param>
    /// <param name="written">Ends when it has them all, or with what kept it from that.</param>
    /// <param name="writing">Ends the writing.</param>
    /// <param name="share">What its reader gives back when the file has gone.</param>
    public RowsFile(string path, ExportedRows rows, Task written, CancellationTokenSource writing, IDisposable? share = null)
    {
        (Path, Rows, Written) = (path, rows, written);
        (ends, this.share) = (writing, share);
    }

    public string Path { get; }

    public ExportedRows Rows { get; }

    /// <summary>A stored file, open; null for a scratch file.</summary>
    public FileStream? Stored { get; }

    /// <summary>Ends when the file has all rows. What it fails with is the answer to who has not been given a byte yet.</summary>
    public Task Written { get; }

    /// <summary>
    /// The bytes of the page from the first on, as they come. A read fails when the writing has: what was read until then is not
    /// the page.
    /// </summary>
    public Stream Open() =>
        Stored ?? (Stream)(Written.IsCompletedSuccessfully ? File.OpenRead(Path) : new GrowingFile(Path, Written));

    public void Dispose()
    {
        Stored?.Dispose();
        if (ends is not null)
        {
            _ = Remove(ends);
        }
    }

    // What is still being written ends soon, and its file goes then.
    private async Task Remove(CancellationTokenSource writing)
    {
        await writing.CancelAsync();
        await Written.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        File.Delete(Path);
        share?.Dispose();
        writing.Dispose();
    }
}
