using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// A file that another process is writing, read from its first byte to the last that it will have. What was read is given back to
/// the disk, most of it before it was ever written there: a result of any size takes the space by which its reader is behind.
/// When the process is lost and another writes the file anew, the reader goes on in the new one, once that begins with the very
/// bytes that it was given.
/// </summary>
/// <param name="path">Where it is.</param>
/// <param name="written">Ends when it has its last byte, or with what kept it from that.</param>
internal sealed class GrowingFile(string path, Task written) : Stream
{
    private const long FreedAtOnce = 8 << 20;
    private const int PieceBytes = 1 << 16;
    private const int PunchHole = 0x02 | KeepSize;
    private const int KeepSize = 0x01;
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(5);

    private readonly XxHash128 given = new();
    private FileStream file = Opened(path);

    // All before it is given back; the end of all files where the system does not do that.
    private long freed = OperatingSystem.IsLinux() ? 0 : long.MaxValue;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => file.Position;
        set => throw new NotSupportedException();
    }

    /// <exception cref="EndOfStreamException">
    /// The file was written anew with other bytes, so that what was read is no beginning of it.
    /// </exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var isWritten = written.IsCompleted;

            // What was written a moment ago is in memory: a hand to another thread would cost more than the read.
            if (file.Read(buffer.Span) is > 0 and var read)
            {
                given.Append(buffer.Span[..read]);
                FreeWhatWasRead();
                return read;
            }

            if (WasBegunAnew())
            {
                await GoOnInTheNewOne(cancellationToken);
            }
            else if (isWritten)
            {
                await written;
                return new FileInfo(path).Length == file.Position ? 0 : throw Differs();
            }
            else
            {
                await Wait(cancellationToken);
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A file that grows is waited for.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    private static FileStream Opened(string path) => new(
        path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    // Elsewhere the file as it is at the end tells.
    private bool WasBegunAnew() =>
        OperatingSystem.IsLinux() && Descriptors.IsRemoved(file.SafeFileHandle) && File.Exists(path);

    private async Task GoOnInTheNewOne(CancellationToken cancellationToken)
    {
        var position = file.Position;
        var again = new XxHash128();
        Reopen();
        var piece = new byte[PieceBytes];
        while (file.Position < position)
        {
            var isWritten = written.IsCompleted;
            if (file.Read(piece, 0, (int)Math.Min(piece.Length, position - file.Position)) is > 0 and var read)
            {
                again.Append(piece.AsSpan(0, read));
                FreeWhatWasRead();
            }
            else if (WasBegunAnew())
            {
                again.Reset();
                Reopen();
            }
            else if (isWritten)
            {
                await written;
                throw Differs();
            }
            else
            {
                await Wait(cancellationToken);
            }
        }

        if (again.GetCurrentHashAsUInt128() != given.GetCurrentHashAsUInt128())
        {
            throw Differs();
        }
    }

    private void Reopen()
    {
        var next = Opened(path);
        file.Dispose();
        file = next;
        freed = OperatingSystem.IsLinux() ? 0 : long.MaxValue;
    }

    private async Task Wait(CancellationToken cancellationToken)
    {
        await Task.WhenAny(written, Task.Delay(LookPause, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    private EndOfStreamException Differs() => new($"{path} was written anew while it was read, and differs from what was read.");

    private void FreeWhatWasRead()
    {
        if (file.Position - FreedAtOnce >= freed)
        {
            var isDone = Allocate(file.SafeFileHandle, PunchHole, freed, file.Position - freed) == 0;
            freed = isDone ? file.Position : long.MaxValue;
        }
    }

    [DllImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static extern int Allocate(SafeFileHandle file, int mode, long offset, long length);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
