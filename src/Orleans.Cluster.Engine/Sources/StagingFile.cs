using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// A local file, in memory where the machine allows, that one task fills and its engine reads. On Linux it has no name from the
/// start: however this process ends, nothing of it is left.
/// </summary>
internal sealed class StagingFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly string? _named;
    private readonly long _mostBytes;

    private StagingFile(SafeFileHandle handle, string path, string? named, bool inMemory, long mostBytes)
    {
        _mostBytes = mostBytes;
        _handle = handle;
        Path = path;
        _named = named;
        InMemory = inMemory;
    }

    /// <summary>What the engine opens.</summary>
    public string Path { get; }

    /// <summary>Whether its bytes count as memory.</summary>
    public bool InMemory { get; }

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

    public void Dispose()
    {
        _handle.Dispose();
        if (_named is not null)
        {
            File.Delete(_named);
        }
    }
}
