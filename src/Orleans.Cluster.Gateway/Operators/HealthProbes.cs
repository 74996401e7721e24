using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Runtime;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>
/// Looks at each part of the cluster every two seconds, beside whoever asks for the health: writes to the database, calls the
/// queue, asks for the planner's state and for the room on the disks. Each part has a loop of its own, so that one that hangs
/// does not keep the others waiting.
/// </summary>
internal sealed partial class HealthProbes(
    IStorageProbe storage, IGrainFactory grains, IPlanningHealth planning, ClusterPaths paths, HealthBoard board,
    TimeProvider clock,
    ILogger<HealthProbes> logger) : BackgroundService
{
    public const string Storage = "storage";
    public const string Queue = "queue";
    public const string Planning = "planning";
    public const string Disk = "disk";

    /// <summary>Below so much room the database and the artifacts cannot grow for long.</summary>
    private const long LeastFreeBytes = 128L << 20;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Loop(Storage, WriteToStorage, stoppingToken), Loop(Queue, CallQueue, stoppingToken),
        Loop(Planning, _ => Task.FromResult(planning.FindFault()), stoppingToken),
        Loop(Disk, _ => Task.FromResult(FindFullDisk()), stoppingToken));

    // The next look begins when the last one is over: what hangs is looked at by one call, and its finding grows old meanwhile.
    private async Task Loop(string part, Func<CancellationToken, Task<string?>> look, CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            try
            {
                board.Note(part, await look(stoppingToken));
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Down(logger, part, exception.Message);
                board.Note(part, $"It could not be looked at: {exception.Message}");
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<string?> WriteToStorage(CancellationToken cancellationToken)
    {
        try
        {
            await storage.Write(cancellationToken);
            return null;
        }
        catch (StorageUnavailableException)
        {
            return "The database does not answer.";
        }
    }

    private async Task<string?> CallQueue(CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IQueueGrain>(GrainKeys.Queue).Ping().WaitAsync(cancellationToken)
                ? null
                : "The queue has not read the jobs yet.";
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            return "The queue does not answer.";
        }
    }

    private string? FindFullDisk()
    {
        foreach (var folder in new[] { paths.State, paths.ArtifactFolder, paths.Scratch }.OfType<string>())
        {
            // A folder that is not made yet is on the disk of the nearest one that is.
            var present = folder;
            while (!Directory.Exists(present) && Path.GetDirectoryName(present) is { } parent)
            {
                present = parent;
            }

            if (new DriveInfo(present).AvailableFreeSpace is < LeastFreeBytes and var free)
            {
                return $"{free >> 20} MiB are free on the disk of {folder}; {LeastFreeBytes >> 20} MiB are needed. Make room "
                    + "there.";
            }
        }

        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(1410, LogLevel.Warning, "The health of {Part} could not be found: {Reason}")]
        public static partial void Down(ILogger logger, string part, string reason);
    }
}
