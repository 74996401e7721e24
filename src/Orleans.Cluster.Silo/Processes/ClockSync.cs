using System.Diagnostics;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// Keeps the clocks of all processes of a cluster near to each other: they follow the server of the database, which all of them
/// ask. In an embedded cluster that is the machine itself; there a process begins no earlier than the newest time that is stored.
/// </summary>
internal sealed partial class ClockSync(IDatabaseClock database, ILogger<ClockSync> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    // A stored time that is later than this was made by a clock that was wrong; it is no reason to be wrong too.
    private static readonly TimeSpan MostAhead = TimeSpan.FromDays(1);

    /// <summary>Sets the clock before anything shows a time.</summary>
    public static async Task Begin(IDatabaseClock database, SteadyClock clock, CancellationToken cancellationToken)
    {
        if (await database.Read(cancellationToken) is { } time)
        {
            clock.Follow(time);
            clock.Begin(time);
        }
        else if (await database.FindNewest(cancellationToken) is { } newest && newest - clock.GetUtcNow() < MostAhead)
        {
            clock.Begin(newest);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var asked = Stopwatch.GetTimestamp();
                if (await database.Read(stoppingToken) is not { } time)
                {
                    return; // The machine's own clock is the reference.
                }

                SteadyClock.OfProcess.Follow(time + (Stopwatch.GetElapsedTime(asked) / 2));
            }
            catch (StorageUnavailableException exception)
            {
                Log.NotAsked(logger, exception.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1300, LogLevel.Debug, "The database's clock could not be read: {Message}")]
        public static partial void NotAsked(ILogger logger, string message);
    }
}
