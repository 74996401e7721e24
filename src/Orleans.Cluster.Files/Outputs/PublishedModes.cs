using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Who may read what jobs publish: <c>Cluster:OutputFileMode</c>, whatever the umask, which keeps everything else of the cluster
/// to its own user. Folders can be entered by whoever may read the files in them.
/// </summary>
internal sealed record PublishedModes(UnixFileMode File, UnixFileMode Folder)
{
    private const int Readable = 0b100_100_100;

    public static PublishedModes Of(ClusterSettings settings)
    {
        var mode = Convert.ToInt32(settings.OutputFileMode, 8);
        return new PublishedModes((UnixFileMode)mode, (UnixFileMode)(mode | ((mode & Readable) >> 2) | 0b111_000_000));
    }

    /// <summary>Gives an open file its mode, before anybody knows its name.</summary>
    public void Apply(FileStream file)
    {
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(file.SafeFileHandle, File);
        }
    }
}
