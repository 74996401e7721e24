using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// Sweeps at start and from then on: artifacts, scratch folders of this machine, old rows. Several gateways may do so at once.
/// </summary>
internal sealed partial class JanitorService(
    ArtifactJanitor artifacts, StoreMark mark, ScratchSweeper scratch, RowPruning rows, IOptions<RetentionOptions> options,
    TimeProvider clock, ILogger<JanitorService> logger) : BackgroundService
{
    private static readonly TimeSpan ClaimInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ClaimPatience = TimeSpan.FromSeconds(5);
    private string? said;
    private long? claimedAt;

    /// <summary>Marks the store before the first worker looks for the mark.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            said = await Task.Run(() => mark.Claim(cancellationToken), cancellationToken)
                .WaitAsync(ClaimPatience, clock, cancellationToken);
            if (said is not null)
            {
                Log.NotOurs(logger, said);
            }
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or TimeoutException or StorageUnavailableException)
        {
            Log.NotMarked(logger, e.Message);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // The host waits for the first await of each service, and a first sweep may be long.
        using var timer = new PeriodicTimer(options.Value.SweepInterval, clock);
        do
        {
            try
            {
                await Sweep(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One round.</summary>
    public async Task Sweep(CancellationToken cancellationToken)
    {
        if (await IsOurs(cancellationToken))
        {
            await artifacts.Sweep(cancellationToken);
        }

        scratch.Sweep();
        await rows.PruneDue(cancellationToken);
    }

    // Asked before each sweep, which deletes what the database does not know. The mark is raised seldom.
    private async Task<bool> IsOurs(CancellationToken cancellationToken)
    {
        var isDue = claimedAt is not { } at || clock.GetElapsedTime(at) >= ClaimInterval;
        if (!isDue && await mark.FindFault(cancellationToken) is null)
        {
            return true;
        }

        var fault = await mark.Claim(cancellationToken);
        claimedAt = fault is null ? clock.GetTimestamp() : null;
        if (fault is not null && fault != said)
        {
            Log.NotOurs(logger, fault);
        }

        said = fault;
        return fault is null;
    }

    private static partial class Log
    {
        [LoggerMessage(3510, LogLevel.Warning, "A sweep failed; the next one tries again.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(3514, LogLevel.Error, "Nothing is deleted in the artifact store: {Fault}")]
        public static partial void NotOurs(ILogger logger, string fault);

        [LoggerMessage(3513, LogLevel.Error, "The artifact store could not be marked, next try with the next sweep: {Message}")]
        public static partial void NotMarked(ILogger logger, string message);
    }
}
