using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// Tells pipes, sockets and devices from files: opening a pipe that nobody writes waits for ever, and .NET does not say what they
/// are.
/// </summary>
internal static class SpecialFiles
{
    private const int CurrentFolder = -100;
    private const uint TypeWanted = 1;

    // Of struct statx, which is the same on every processor: 256 bytes, the mode at 28.
    private const int StatxBytes = 256;
    private const int ModeOffset = 28;
    private const int TypeBits = 0xF000;

    /// <summary>What a path is, with its article; null for a file, and for what cannot be looked at.</summary>
    /// <param name="path">Links are followed.</param>
    public static string? Find(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var buffer = new byte[StatxBytes];
        if (Statx(CurrentFolder, path, 0, TypeWanted, buffer) != 0)
        {
            return null;
        }

        return (BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(ModeOffset)) & TypeBits) switch
        {
            0x1000 => "a named pipe",
            0x2000 => "a character device",
            0x6000 => "a block device",
            0xC000 => "a socket",
            _ => null,
        };
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] buffer);
}
