using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Storage;

/// <summary>
/// Opens files of users. A path was checked when the job was planned, but whoever may write in a data root can put a link, a pipe or a device in
/// its place afterwards. So what counts is the open file itself: the kernel says where it is and what it is, and nobody can exchange it.
/// </summary>
public static class SourceGuard
{
    private const int ReadOnly = 0;
    private const int NoTerminal = 0x100;
    private const int NotWaiting = 0x800;
    private const int CloseOnExec = 0x80000;

    // Of struct statx, which is the same on every processor: 256 bytes, the mode at 28.
    private const int EmptyPath = 0x1000;
    private const uint TypeWanted = 1;
    private const int StatxBytes = 256;
    private const int ModeOffset = 28;
    private const int TypeBits = 0xF000;
    private const int RegularFile = 0x8000;

    private static volatile SourceRules? rules;

    /// <summary>From now on this process reads what the rules allow, and nothing else.</summary>
    public static void Keep(SourceRules allowed) => rules = allowed;

    /// <summary>Opens a file for reading, without ever waiting for it.</summary>
    /// <exception cref="EngineException">It cannot be read, is no file, or is where nothing may be read.</exception>
    internal static SafeFileHandle Open(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return OpenPlainly(path);
        }

        var descriptor = Open(path, ReadOnly | NoTerminal | NotWaiting | CloseOnExec);
        if (descriptor < 0)
        {
            throw Unavailable($"{path} cannot be read: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            Require(path, descriptor);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static void Require(string path, int descriptor)
    {
        var type = TypeOf(descriptor);
        if (type != RegularFile)
        {
            throw Unavailable(type == 0x4000 ? $"{path} is a folder, not a file." : $"{path} is a pipe, a socket or a device, not a file.");
        }

        if (rules is not { } kept || kept.IsOwn(path))
        {
            return;
        }

        var real = new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget ?? throw Unavailable($"The kernel does not say where {path} is.");
        if (kept.WhyNot(real) is { } why)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable, $"{path} was exchanged for a link since the job was planned: the file that it leads to {why}.",
                ProblemCode.PathNotAllowed.Word);
        }
    }

    private static int TypeOf(int descriptor)
    {
        var buffer = new byte[StatxBytes];
        return Statx(descriptor, "", EmptyPath, TypeWanted, buffer) == 0
            ? BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(ModeOffset)) & TypeBits
            : throw Unavailable($"An open file cannot be looked at: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    private static SafeFileHandle OpenPlainly(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable, Directory.Exists(path) ? $"{path} is a folder, not a file." : $"{path} cannot be read: {e.Message}", inner: e);
        }
    }

    private static EngineException Unavailable(string message) => new(FailureKind.SourceUnavailable, message);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] buffer);
}
