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
    /// <param name="memoryBytes">Bytes of memory that it may take; a larger one goes to the scratch folder.</param>
    /// <param name="scratchFolder">Where files go that do not fit into memory.</param>
    /// <param name="scratchBytes">Bytes that it may take there.</param>
    public StagingFile Rent(long expectedBytes, long memoryBytes, string scratchFolder, long scratchBytes)
    {
        if (expectedBytes > memoryBytes || !HasMemoryFor(expectedBytes))
        {
            Release();
            return StagingFile.Create(scratchFolder, inMemory: false, scratchBytes);
        }

        lock (_lock)
        {
            if (_kept is { } kept)
            {
                _kept = null;
                kept.Reset();
                return kept;
            }
        }

        return StagingFile.Create(MemoryFolder, inMemory: true);
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

    // A container often has 64 MB there; writing past the end of a tmpfs fails, so only half of what is free is used.
    private static bool HasMemoryFor(long bytes)
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists(MemoryFolder))
        {
            return false;
        }

        return bytes < new DriveInfo(MemoryFolder).AvailableFreeSpace / 2;
    }
}
