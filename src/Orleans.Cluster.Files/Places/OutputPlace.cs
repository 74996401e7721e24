using System.Runtime.InteropServices;
using System.Text;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Files.Places;

/// <summary>
/// Whether an output can be put into a folder. Asked when a job is submitted and planned, so that nobody computes for hours what
/// cannot be shown, and again when it is published. Changes nothing.
/// </summary>
internal static class OutputPlace
{
    private const int MaxNameBytes = 255;
    private const int MaxPathBytes = 4096;

    // Room for the names of part files below the folder.
    private const int PartNameBytes = 512;
    private const int MayWriteAndEnter = 3;

    /// <param name="folder">Absolute path.</param>
    /// <param name="asWritten">What the user wrote.</param>
    /// <exception cref="ClusterException"><c>output-not-writable</c>, with the reason.</exception>
    public static void Check(string folder, string asWritten)
    {
        if (folder.Split('/').Any(name => Encoding.UTF8.GetByteCount(name) > MaxNameBytes))
        {
            throw Refuse($"'{Short(asWritten)}' has a name of more than {MaxNameBytes} bytes.");
        }

        if (Encoding.UTF8.GetByteCount(folder) > MaxPathBytes - PartNameBytes)
        {
            throw Refuse($"'{Short(asWritten)}' is longer than {MaxPathBytes - PartNameBytes} bytes.");
        }

        var nearest = folder;
        while (!Directory.Exists(nearest))
        {
            if (File.Exists(nearest))
            {
                throw Refuse($"'{nearest}' is a file, not a folder.");
            }

            if (new FileInfo(nearest).LinkTarget is { } target)
            {
                throw Refuse($"'{nearest}' is a link to '{target}', which is not there.");
            }

            nearest = Path.GetDirectoryName(nearest) ?? "/";
        }

        if (OperatingSystem.IsLinux() && Access(nearest, MayWriteAndEnter) != 0)
        {
            throw Refuse($"The cluster may not write to '{nearest}' (errno {Marshal.GetLastPInvokeError()}).");
        }
    }

    /// <summary>Whether this process may make files in a folder that is there. True where the system does not say.</summary>
    public static bool MayWrite(string folder) => !OperatingSystem.IsLinux() || Access(folder, MayWriteAndEnter) == 0;

    /// <summary>For ERROR_IF_EXISTS.</summary>
    /// <exception cref="ClusterException">
    /// <c>output-exists</c>: a file that is not hidden and not this job's is there, at any depth.
    /// </exception>
    public static void ThrowIfTaken(string folder, OutputSpec output, JobId? own)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        var taken = Visible(new DirectoryInfo(folder))
            .FirstOrDefault(file => own is not { } job
                || (OutputNames.JobOfManifest(file.Name) != job && OutputNames.JobOfPart(file.Name) != job));
        if (taken is not null)
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputExists,
                $"{output.Path} already holds files, such as {Path.GetRelativePath(folder, taken.FullName)}.",
                "Choose another output.path, or set output.mode to OVERWRITE or APPEND.");
        }
    }

    // Those of the folder itself first: manifests are there. What is hidden, or in a hidden folder, readers leave out.
    private static IEnumerable<FileInfo> Visible(DirectoryInfo folder) =>
        folder.EnumerateFiles().Where(file => !OutputNames.IsHidden(file.Name))
        .Concat(folder.EnumerateDirectories()
            .Where(inner => !OutputNames.IsHidden(inner.Name) && !inner.Attributes.HasFlag(FileAttributes.ReparsePoint))
            .SelectMany(Visible));

    private static ClusterException Refuse(string detail) => new(
        Contracts.ProblemCode.OutputNotWritable, detail,
        "Choose another output.path, or make this one a folder that the cluster may write to.");

    private static string Short(string path) => path.Length <= 200 ? path : $"{path[..200]}...";

    [DllImport("libc", EntryPoint = "access", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Access([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);
}
