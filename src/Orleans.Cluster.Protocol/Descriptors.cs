using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Orleans.Cluster.Protocol;

/// <summary>
/// Files and folders by descriptor. A path can lead elsewhere from one moment to the next, a descriptor cannot: what is done
/// through <see cref="Name"/> is done in the folder that was looked at, whatever has taken its place since. Linux alone;
/// elsewhere only <see cref="TryOpenFile"/>.
/// </summary>
public static class Descriptors
{
    private const int ReadOnly = 0;
    private const int NoTerminal = 0x100;
    private const int NotWaiting = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int PathOnly = 0x200000;
    private const int CurrentFolder = -100;
    private const int FollowLink = 0x400;

    // Of struct statx, which is the same on every processor: 256 bytes, the number of names at 16, the mode at 28, the number in
    // its file system at 32, the size at 40, the time of the last change at 112, the file system's two numbers at 136.
    private const int EmptyPath = 0x1000;
    private const uint TypeWanted = 1;
    private const uint NamesWanted = 4;
    private const uint IdentityWanted = 0x340;
    private const int NumberOffset = 32;
    private const int SizeOffset = 40;
    private const int ChangedOffset = 112;
    private const int FileSystemOffset = 136;
    private const int StatxBytes = 256;
    private const int NamesOffset = 16;
    private const int ModeOffset = 28;
    private const int TypeBits = 0xF000;
    private const int RegularFile = 0x8000;
    private const int Folder = 0x4000;

    // These two are not the same on every processor.
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int FolderAlone = IsArm ? 0x4000 : 0x10000;
    private static readonly int NoLink = IsArm ? 0x8000 : 0x20000;

    /// <summary>The folder, or null when there is none, or only a link although links are not followed.</summary>
    public static SafeFileHandle? TryOpenFolder(string path, bool followLink) =>
        TryOpen(path, PathOnly | FolderAlone | CloseOnExec | (followLink ? 0 : NoLink));

    /// <summary>
    /// A regular file for reading, without waiting for it; null when there is none, or something else of that name.
    /// </summary>
    public static FileStream? TryOpenFile(string path, bool followLink = false)
    {
        if (!OperatingSystem.IsLinux())
        {
            return File.Exists(path) ? new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) : null;
        }

        if (TryOpen(path, ReadOnly | NoTerminal | NotWaiting | CloseOnExec | (followLink ? 0 : NoLink)) is not { } handle)
        {
            return null;
        }

        if (KindOf(handle) == FileKind.Regular)
        {
            return new FileStream(handle, FileAccess.Read);
        }

        handle.Dispose();
        return null;
    }

    /// <summary>Whatever bears the name, for reading, links followed and without waiting for it.</summary>
    /// <exception cref="IOException">It cannot be opened; the message says why, and not what.</exception>
    public static SafeFileHandle OpenAnything(string path)
    {
        var descriptor = Open(path, ReadOnly | NoTerminal | NotWaiting | CloseOnExec);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }

    /// <summary>What an open file is.</summary>
    /// <exception cref="IOException">The kernel does not say.</exception>
    public static FileKind KindOf(SafeFileHandle handle) =>
        (BinaryPrimitives.ReadUInt16LittleEndian(Look(handle, TypeWanted).AsSpan(ModeOffset)) & TypeBits) switch
        {
            RegularFile => FileKind.Regular,
            Folder => FileKind.Folder,
            _ => FileKind.Other,
        };

    /// <summary>Whether an open file has no name any more: it was removed, whatever bears its name now.</summary>
    /// <exception cref="IOException">The kernel does not say.</exception>
    public static bool IsRemoved(SafeFileHandle handle) =>
        BinaryPrimitives.ReadUInt32LittleEndian(Look(handle, NamesWanted).AsSpan(NamesOffset)) == 0;

    /// <summary>
    /// Which file it is, and in what state: its file system, its number there, its size and when its content was last changed.
    /// Means something on this machine alone. Null where the system does not tell.
    /// </summary>
    public static string? IdentityOf(SafeFileHandle handle)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var seen = Look(handle, IdentityWanted).AsSpan();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{BinaryPrimitives.ReadUInt64LittleEndian(seen[FileSystemOffset..]):x}-"
            + $"{BinaryPrimitives.ReadUInt64LittleEndian(seen[NumberOffset..]):x}-"
            + $"{BinaryPrimitives.ReadUInt64LittleEndian(seen[SizeOffset..])}-"
            + $"{BinaryPrimitives.ReadInt64LittleEndian(seen[ChangedOffset..])}."
            + $"{BinaryPrimitives.ReadUInt32LittleEndian(seen[(ChangedOffset + sizeof(long))..]):000000000}");
    }

    /// <summary>Gives an open file a second name.</summary>
    /// <returns>False where it cannot have one there: another file system, or one without second names.</returns>
    public static bool TryLink(SafeFileHandle handle, string name) =>
        OperatingSystem.IsLinux() && LinkAt(CurrentFolder, Name(handle), CurrentFolder, name, FollowLink) == 0;

    /// <summary>A path to what the descriptor holds, which nobody can change.</summary>
    public static string Name(SafeFileHandle handle) => $"/proc/self/fd/{handle.DangerousGetHandle()}";

    /// <summary>Where what it holds is, with all links followed.</summary>
    /// <exception cref="IOException">The kernel does not say.</exception>
    public static string RealPath(SafeFileHandle handle) =>
        new FileInfo(Name(handle)).LinkTarget
            ?? throw new IOException("The kernel does not say where an open file is: /proc is not mounted.");

    private static byte[] Look(SafeFileHandle handle, uint wanted)
    {
        var buffer = new byte[StatxBytes];
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            return Statx((int)handle.DangerousGetHandle(), "", EmptyPath, wanted, buffer) == 0
                ? buffer
                : throw new IOException(
                    $"An open file cannot be looked at: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }
        finally
        {
            if (held)
            {
                handle.DangerousRelease();
            }
        }
    }

    private static SafeFileHandle? TryOpen(string path, int flags)
    {
        var descriptor = Open(path, flags);
        if (descriptor >= 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        var error = Marshal.GetLastPInvokeError();
        return error switch
        {
            2 /* ENOENT */ or 6 /* ENXIO */ or 20 /* ENOTDIR */ or 40 /* ELOOP */ => null,
            1 /* EPERM */ or 13 /* EACCES */ => throw new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
            _ => throw new IOException($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}."),
        };
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "linkat", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int LinkAt(
        int fromFolder, [MarshalAs(UnmanagedType.LPUTF8Str)] string from, int toFolder,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string to, int flags);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] buffer);
}
