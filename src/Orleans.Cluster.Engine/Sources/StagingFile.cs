using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// A local file, in memory where the machine allows, that one task fills and its engine reads. On Linux it has no name from the
/// start: however this process ends, nothing of it is left.
/// </summary>
internal sealed class StagingFile : IDisposable
{
    private const int CopyBytes = 1 << 20;

    private SafeFileHandle _handle;
    private string? _named;
    private long _mostBytes;
    private (string Folder, long Bytes)? _overflow;

    private StagingFile(SafeFileHandle handle, string path, string? named, bool inMemory, long mostBytes)
    {
        _mostBytes = mostBytes;
        _handle = handle;
        Path = path;
        _named = named;
        InMemory = inMemory;
    }

    /// <summary>What the engine opens, once all is written: a file that outgrows memory is another one then.</summary>
    public string Path { get; private set; }

    /// <summary>Whether its bytes count as memory.</summary>
    public bool InMemory { get; private set; }

    /// <summary>Bytes written since the last <see cref="Reset"/>.</summary>
    public long Length { get; private set; }

    public static StagingFile Create(string folder, bool inMemory, long mostBytes = long.MaxValue)
    {
        Directory.CreateDirectory(folder);
        var named = System.IO.Path.Combine(folder, $"orleans-cluster-{Environment.ProcessId}-{Guid.NewGuid():N}");
        var handle = File.OpenHandle(named, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (!OperatingSystem.IsLinux())
        {
            return new StagingFile(handle, named, named, inMemory, mostBytes);
        }

        File.Delete(named);
        return new StagingFile(handle, $"/proc/self/fd/{handle.DangerousGetHandle()}", null, inMemory, mostBytes);
    }

    /// <exception cref="EngineException">It would be larger than it may be.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (Length + bytes.Length > _mostBytes && _overflow is { } place)
        {
            MoveTo(place.Folder, place.Bytes);
        }

        if (Length + bytes.Length > _mostBytes)
        {
            throw new EngineException(
                FailureKind.OutOfDisk,
                $"The text that the task reads takes more than the {_mostBytes} bytes of local disk that are left to it. Cut "
                + "smaller partitions, or raise Executor:ScratchBytesPerAttempt.");
        }

        RandomAccess.Write(_handle, bytes, Length);
        Length += bytes.Length;
    }

    /// <summary>
    /// Drops what an earlier use left behind the bytes of this one. Pages in front of it are used again, which is cheaper than
    /// new ones.
    /// </summary>
    public void Complete() => RandomAccess.SetLength(_handle, Length);

    public void Reset() => Length = 0;

    /// <summary>
    /// Bounds a file in memory by what it takes, not by what it was thought to take: text that is inflated may be many times what
    /// its file says. Beyond the bound it goes on as a file in a folder.
    /// </summary>
    public void Bound(long memoryBytes, string folder, long folderBytes) =>
        (_mostBytes, _overflow) = (memoryBytes, (folder, folderBytes));

    private void MoveTo(string folder, long mostBytes)
    {
        var other = Create(folder, inMemory: false, mostBytes);
        var buffer = new byte[CopyBytes];
        for (var at = 0L; at < Length;)
        {
            var read = RandomAccess.Read(_handle, buffer.AsSpan(0, (int)Math.Min(CopyBytes, Length - at)), at);
            other.Append(buffer.AsSpan(0, read));
            at += read;
        }

        Dispose();
        (_handle, Path, _named, InMemory) = (other._handle, other.Path, other._named, false);
        (_mostBytes, _overflow) = (mostBytes, null);
    }

    public void Dispose()
    {
        _handle.Dispose();
        if (_named is not null)
        {
            File.Delete(_named);
        }
    }
}
