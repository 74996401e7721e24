using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>Sweeps at start and from then on: artifacts, scratch folders of this machine, old rows. Several gateways may do so at once.</summary>
internal sealed partial class JanitorService(
    ArtifactJanitor artifacts, ScratchSweeper scratch, IStorageUpkeep upkeep, IAuditLog audit, IOptions<RetentionOptions> options, TimeProvider clock,
    ILogger<JanitorService> logger) : BackgroundService
{
    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(24);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromMinutes(10);
    private DateTimeOffset pruneAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // The host waits for the first await of each service, and a first sweep may be long.
        using var timer = new PeriodicTimer(options.Value.SweepInterval, clock);
        do
        {
            try
            {
                await artifacts.Sweep(stoppingToken);
                scratch.Sweep();
                await Prune(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Prune(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (now < pruneAt)
        {
            return;
        }

        while (await upkeep.Prune(now - KeyLife, now - options.Value.Events, now - options.Value.Jobs, cancellationToken) is > 0 and var rows)
        {
            Log.Pruned(logger, rows);
        }

        if (await audit.Trim(now - options.Value.Audit, now, cancellationToken) is > 0 and var entries)
        {
            Log.Trimmed(logger, entries);
        }

        pruneAt = now + PruneInterval;
    }

    private static partial class Log
    {
        [LoggerMessage(3510, LogLevel.Warning, "A sweep failed; the next one tries again.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(3511, LogLevel.Information, "{Rows} old rows are removed.")]
        public static partial void Pruned(ILogger logger, int rows);

        [LoggerMessage(3512, LogLevel.Information, "{Entries} old entries of the audit log are removed.")]
        public static partial void Trimmed(ILogger logger, long entries);
    }
}
