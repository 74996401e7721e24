using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Runtime;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>
/// Looks at each part of the cluster every two seconds, beside whoever asks for the health: writes to the database, calls the
/// queue, asks for the planner's state, for the room on the disks and for the artifact store. Each part has a loop of its own, so
/// that one that hangs does not keep the others waiting.
/// </summary>
internal sealed partial class HealthProbes(
    IStorageProbe storage, IGrainFactory grains, IPlanningHealth planning, FileHealth files, HealthBoard board,
    TimeProvider clock, ILogger<HealthProbes> logger) : BackgroundService
{
    public const string Storage = "storage";
    public const string Queue = "queue";
    public const string Planning = "planning";
    public const string Disk = "disk";
    public const string ArtifactStore = "artifactStore";

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Loop(Storage, WriteToStorage, stoppingToken), Loop(Queue, CallQueue, stoppingToken),
        Loop(Planning, _ => Task.FromResult(planning.FindFault()), stoppingToken),
        Loop(Disk, _ => Task.FromResult(files.FindFullDisk()), stoppingToken),
        Loop(ArtifactStore, _ => Task.FromResult(files.FindStoreFault()), stoppingToken));

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

    private static partial class Log
    {
        [LoggerMessage(1410, LogLevel.Warning, "The health of {Part} could not be found: {Reason}")]
        public static partial void Down(ILogger logger, string part, string reason);
    }
}
