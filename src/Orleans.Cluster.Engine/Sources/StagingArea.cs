namespace Orleans.Cluster.Engine.Sources;

/// <summary>Gives out staging files, in memory while that is bounded, and keeps one for the next task.</summary>
internal sealed class StagingArea : IDisposable
{
    private const string MemoryFolder = "/dev/shm";

    /// <summary>A larger kept file would hold memory that the next task may need.</summary>
    private const long MaxKeptBytes = 256L << 20;

    private readonly Lock _lock = new();
    private StagingFile? _kept;

    /// <summary>A file for about so many bytes.</summary>
    /// <param name="expectedBytes">Bytes that will be written.</param>
    /// <param name="memoryBytes">
    /// Bytes of memory that it may take; one that is thought to be larger goes to the scratch folder, and one that turns out to
    /// be moves there.
    /// </param>
    /// <param name="scratchFolder">Where files go that do not fit into memory.</param>
    /// <param name="scratchBytes">Bytes that it may take there.</param>
    public StagingFile Rent(long expectedBytes, long memoryBytes, string scratchFolder, long scratchBytes)
    {
        var inMemory = Math.Min(memoryBytes, FreeMemory());
        if (expectedBytes >= inMemory)
        {
            Release();
            return StagingFile.Create(scratchFolder, inMemory: false, scratchBytes);
        }

        var file = TakeKept() ?? StagingFile.Create(MemoryFolder, inMemory: true);
        file.Bound(inMemory, scratchFolder, scratchBytes);
        return file;
    }

    /// <summary>Takes a file back.</summary>
    public void Return(StagingFile file)
    {
        lock (_lock)
        {
            if (file.InMemory && file.Length <= MaxKeptBytes && _kept is null)
            {
                _kept = file;
                return;
            }
        }

        file.Dispose();
    }

    /// <summary>
    /// Gives back the memory of the kept file: a task that stages nothing in memory may use all of its own otherwise.
    /// </summary>
    public void Release()
    {
        lock (_lock)
        {
            _kept?.Dispose();
            _kept = null;
        }
    }

    public void Dispose() => Release();

    private StagingFile? TakeKept()
    {
        lock (_lock)
        {
            var kept = _kept;
            _kept = null;
            kept?.Reset();
            return kept;
        }
    }

    // A container often has 64 MB there; writing past the end of a tmpfs fails, so only half of what is free is used.
    private static long FreeMemory() => !OperatingSystem.IsLinux() || !Directory.Exists(MemoryFolder)
        ? 0
        : new DriveInfo(MemoryFolder).AvailableFreeSpace / 2;
}
