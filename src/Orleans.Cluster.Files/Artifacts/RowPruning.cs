using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// Removes rows that are older than the settings keep them: of jobs, events, idempotency keys and the audit log.
/// </summary>
internal sealed partial class RowPruning(
    IStorageUpkeep upkeep, IAuditLog audit, IOptions<RetentionOptions> options, TimeProvider clock,
    ILogger<RowPruning> logger)
{
    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(24);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private DateTimeOffset dueAt;

    /// <summary>Removes them, if that was not done lately.</summary>
    public async Task PruneDue(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (now < dueAt)
        {
            return;
        }

        while (await upkeep.Prune(now - KeyLife, now - options.Value.Events, now - options.Value.Jobs, cancellationToken) is > 0
            and var rows)
        {
            Log.Pruned(logger, rows);
        }

        if (await audit.Trim(now - options.Value.Audit, now, cancellationToken) is > 0 and var entries)
        {
            Log.Trimmed(logger, entries);
        }

        dueAt = now + Interval;
    }

    private static partial class Log
    {
        [LoggerMessage(3511, LogLevel.Information, "{Rows} old rows are removed.")]
        public static partial void Pruned(ILogger logger, int rows);

        [LoggerMessage(3512, LogLevel.Information, "{Entries} old entries of the audit log are removed.")]
        public static partial void Trimmed(ILogger logger, long entries);
    }
}
