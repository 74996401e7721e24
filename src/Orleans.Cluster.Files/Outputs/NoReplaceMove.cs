using System.Runtime.InteropServices;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Gives a file its name unless the name is taken, in one step. <see cref="File.Move(string, string)"/> looks and then renames:
/// of two at once both may succeed. A second name (<c>link</c>) cannot replace anything, nor can <c>renameat2</c> where a file
/// system has no second names.
/// </summary>
internal static class NoReplaceMove
{
    private const int CurrentFolder = -100;
    private const uint NoReplace = 1;
    private const int AlreadyExists = 17;
    private static readonly int[] NotSupported =
        [1 /* EPERM */, 22 /* EINVAL */, 31 /* EMLINK */, 38 /* ENOSYS */, 95 /* EOPNOTSUPP */];

    /// <returns>False when the name was taken; the file then still has its old name.</returns>
    /// <exception cref="IOException">It could not be moved.</exception>
    public static bool TryMove(string from, string to)
    {
        if (!OperatingSystem.IsLinux())
        {
            return TryMoveFile(from, to);
        }

        if (Link(from, to) == 0)
        {
            File.Delete(from);
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        if (NotSupported.Contains(error))
        {
            error = RenameAt2(CurrentFolder, from, CurrentFolder, to, NoReplace) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }

        // A file system with neither: the job's row still lets one publisher at a time come this far.
        return error == 0 || (NotSupported.Contains(error) ? TryMoveFile(from, to)
            : error == AlreadyExists ? false
            : throw new IOException($"Cannot move {from} to {to} (errno {error})."));
    }

    private static bool TryMoveFile(string from, string to)
    {
        try
        {
            File.Move(from, to, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(to) && File.Exists(from))
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    [DllImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int RenameAt2(
        int fromFolder, [MarshalAs(UnmanagedType.LPUTF8Str)] string from, int toFolder,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string to, uint flags);
}
