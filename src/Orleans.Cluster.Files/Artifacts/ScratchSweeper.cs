using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// Removes scratch folders whose process is gone: <c>{scratch}/{process id}</c>. Scratch belongs to one machine, so the process
/// list tells. Every silo does so at its start, before it begins attempts.
/// </summary>
internal sealed partial class ScratchSweeper(ClusterPaths paths, TimeProvider clock, ILogger<ScratchSweeper> logger)
    : IHostedService
{
    /// <summary>Pages of results are read at once; one this old was left by a gateway that was killed.</summary>
    private static readonly TimeSpan PageLife = TimeSpan.FromHours(1);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Sweep();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Removes what nobody alive uses. What cannot be removed is logged and left for the next time.</summary>
    public void Sweep()
    {
        if (!Directory.Exists(paths.Scratch))
        {
            return;
        }

        foreach (var folder in Directory.EnumerateDirectories(paths.Scratch).Where(IsLeftBehind).ToList())
        {
            Try(folder, () => Directory.Delete(folder, recursive: true));
        }

        var pages = Path.Combine(paths.Scratch, "results");
        var old = clock.GetUtcNow().UtcDateTime - PageLife;
        foreach (var page in Directory.Exists(pages)
            ? Directory.EnumerateFiles(pages).Where(file => File.GetLastWriteTimeUtc(file) < old).ToList() : [])
        {
            Try(page, () => File.Delete(page));
        }
    }

    private static bool IsLeftBehind(string folder)
    {
        if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return false;
        }

        try
        {
            // The number may be another process's by now (in a container it always is): one that started after the folder was
            // last written to. Its own folder is written to after its start.
            using var process = Process.GetProcessById(id);
            return process.StartTime.ToUniversalTime() > Directory.GetLastWriteTimeUtc(folder);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return true; // No such process, or it ended just now.
        }
    }

    private void Try(string path, Action delete)
    {
        try
        {
            delete();
            Log.Removed(logger, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotRemoved(logger, path, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3540, LogLevel.Information, "{Path} is removed: the process that used it is gone.")]
        public static partial void Removed(ILogger logger, string path);

        [LoggerMessage(3541, LogLevel.Warning, "{Path} could not be removed: {Reason}")]
        public static partial void NotRemoved(ILogger logger, string path, string reason);
    }
}
