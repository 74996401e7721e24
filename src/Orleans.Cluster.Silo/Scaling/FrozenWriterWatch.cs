using System.ComponentModel;
using System.Diagnostics;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Storage;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>
/// Ends a worker that stands still in the middle of a write to the embedded database. It holds the lock that every other process
/// waits for, so no job would go on until somebody wakes it. On Postgres the server itself ends such a session.
/// </summary>
internal sealed partial class FrozenWriterWatch(
    LocalProcessTarget workers, ClusterPaths paths, TimeProvider time, ILogger<FrozenWriterWatch> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // A write takes milliseconds. One that was stopped does nothing at all; one that waits for a disk or a processor is given
    // longer.
    private static readonly TimeSpan StoppedBound = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan IdleBound = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, Sight> _seen = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var database in (string[])[StorageConnection.JobsPath(paths), StorageConnection.OrleansPath(paths)])
            {
                try
                {
                    Look(database);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or Win32Exception)
                {
                    // The next look may succeed. What escapes from here would take the gateway with it.
                    Log.CannotLook(logger, database, exception.Message);
                }
            }
        }
    }

    private void Look(string database)
    {
        if (SqliteLocks.Writer(database) is not { } writer || !workers.IsRunning(writer)
            || ProcessActivity.Of(writer) is not { } activity)
        {
            _seen.Remove(database);
            return;
        }

        var now = time.GetTimestamp();
        if (!_seen.TryGetValue(database, out var sight) || sight.Process != writer || sight.Ticks != activity.Ticks)
        {
            _seen[database] = new Sight(writer, activity.Ticks, now);
            return;
        }

        var since = time.GetElapsedTime(sight.At, now);
        if (since >= (activity.IsStopped ? StoppedBound : IdleBound))
        {
            Log.Ended(logger, writer, since.TotalSeconds, database);
            _seen.Remove(database);
            End(writer);
        }
    }

    private static void End(int process)
    {
        try
        {
            using var worker = Process.GetProcessById(process);
            worker.Kill();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself in between.
        }
    }

    private sealed record Sight(int Process, long Ticks, long At);

    private static partial class Log
    {
        [LoggerMessage(1240, LogLevel.Warning,
            "Worker process {Process} has stood still for {Seconds:F0} s in the middle of a write to {Database}, which all "
                + "others wait for; it is ended.")]
        public static partial void Ended(ILogger logger, int process, double seconds, string database);

        [LoggerMessage(1241, LogLevel.Warning,
            "Whether a worker stands still in a write to {Database} cannot be seen this time: {Message}")]
        public static partial void CannotLook(ILogger logger, string database, string message);
    }
}
