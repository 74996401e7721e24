using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Worker;

/// <summary>
/// What holds this worker's executors to their memory: control groups where this process may make them, else the
/// <see cref="MemoryWatch"/> alone. Found out once, by trying.
/// </summary>
internal sealed partial class MemoryGuard
{
    private const string Mount = "/sys/fs/cgroup";
    private readonly string? root;
    private readonly ILogger<MemoryGuard> logger;

    public MemoryGuard(IOptions<ExecutorOptions> options, ILogger<MemoryGuard> logger)
        : this(options, logger, Mount, OwnGroup())
    {
    }

    /// <param name="options">Whether groups are wanted.</param>
    /// <param name="logger">Says which it is.</param>
    /// <param name="mount">Where version 2 is mounted.</param>
    /// <param name="own">Path of this process's own group; null when there is none.</param>
    internal MemoryGuard(IOptions<ExecutorOptions> options, ILogger<MemoryGuard> logger, string mount, string? own)
    {
        this.logger = logger;
        if (!options.Value.UseCgroups)
        {
            return;
        }

        // Beside its own group: one with processes cannot give its controllers to groups below it.
        var parent = own is null ? null : mount + own[..Math.Max(0, own.LastIndexOf('/'))];
        if (parent is not null && WhyNot(parent) is { } why)
        {
            Log.Watched(logger, why);
            return;
        }

        root = parent;
    }

    /// <summary>Which it is.</summary>
    public MemoryCap Cap => root is null ? MemoryCap.Watch : MemoryCap.Cgroup;

    /// <summary>A group around a process; null where there are none.</summary>
    public MemoryCgroup? Enclose(int process)
    {
        try
        {
            return root is null ? null : MemoryCgroup.Enclose(root, process);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The watch holds this one.
            Log.NotEnclosed(logger, process, exception.Message);
            return null;
        }
    }

    // The only sure way to know is to make one: mounts may be read-only and controllers kept back, whatever the permissions say.
    private static string? WhyNot(string parent)
    {
        var controllers = Path.Combine(parent, "cgroup.subtree_control");
        var probe = Path.Combine(
            parent, string.Create(CultureInfo.InvariantCulture, $"orleans-cluster-probe-{Environment.ProcessId}"));
        try
        {
            if (!File.Exists(controllers))
            {
                return $"{parent} is not a control group of version 2.";
            }

            if (!File.ReadAllText(controllers).Split(' ', '\n').Contains("memory"))
            {
                File.WriteAllText(controllers, "+memory");
            }

            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"No group can be made in {parent}: {exception.Message}";
        }
    }

    private static string? OwnGroup() => OperatingSystem.IsLinux() && File.Exists("/proc/self/cgroup")
        ? File.ReadLines("/proc/self/cgroup").Where(line => line.StartsWith("0::/", StringComparison.Ordinal))
            .Select(line => line["0::".Length..]).FirstOrDefault()
        : null;

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 340, Level = LogLevel.Information,
            Message = "The memory of executors is watched, not capped by the kernel. {Why}")]
        public static partial void Watched(ILogger logger, string why);

        [LoggerMessage(EventId = 341, Level = LogLevel.Warning, Message = "Executor {ProcessId} has no control group: {Message}")]
        public static partial void NotEnclosed(ILogger logger, int processId, string message);
    }
}
