using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>The rules of sources and outputs as this process is configured.</summary>
internal static class ConfiguredRules
{
    // They name data, or folders that hold it.
    private static readonly string[] OpenSettings =
    [
        $"{ClusterSettings.Section}:{nameof(ClusterSettings.DefaultSource)}",
        $"{ClusterSettings.Section}:{nameof(ClusterSettings.DataRoots)}",
    ];

    /// <summary>Follows all links of the folders as they are now.</summary>
    public static SourceRules Of(ClusterPaths paths, IConfiguration? configuration)
    {
        var real = new RealPaths();
        var sample = RealOf(DefaultDataset.FolderIn(paths));
        return new SourceRules
        {
            Roots = [.. paths.DataRoots.Select(RealOf), sample],
            ClosedFolders =
                [.. new[] { paths.State, paths.ArtifactFolder, paths.Scratch, paths.Logs }.OfType<string>().Select(RealOf)],
            ClosedFiles = [.. FilesOf(configuration).Select(RealOf).Distinct()],
            Sample = sample,
            OwnFolders = [.. new[] { paths.ArtifactFolder, paths.Scratch }.OfType<string>()],
        };

        string RealOf(string path) => Path.TrimEndingDirectorySeparator(real.Of(Path.GetFullPath(path)) ?? path);
    }

    // What the configuration comes from, and what it names: certificates, keys, files of passwords.
    private static IEnumerable<string> FilesOf(IConfiguration? configuration)
    {
        foreach (var provider in (configuration as IConfigurationRoot)?.Providers.OfType<FileConfigurationProvider>() ?? [])
        {
            if (provider.Source is { Path: { } path, FileProvider: { } files }
                && files.GetFileInfo(path).PhysicalPath is { } file)
            {
                yield return file;
            }
        }

        // A setting has a section; variables of the environment that are none may name the user's data.
        foreach (var (key, value) in configuration?.AsEnumerable() ?? [])
        {
            if (value is { Length: > 0 and < 4096 } && key.Contains(':', StringComparison.Ordinal)
                && !OpenSettings.Any(open => key.StartsWith(open, StringComparison.OrdinalIgnoreCase)) && IsFile(value))
            {
                yield return value;
            }
        }
    }

    private static bool IsFile(string value) => !value.Contains('\0', StringComparison.Ordinal) && File.Exists(value);
}
