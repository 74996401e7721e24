using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <inheritdoc cref="IDatabaseClock"/>
internal sealed class DatabaseClock(ClusterDatabase database) : IDatabaseClock
{
    public Task<DateTimeOffset?> Read(CancellationToken cancellationToken) => database.Read(
        async db => db is PostgresClusterDbContext
            ? (await db.Database.SqlQueryRaw<DateTimeOffset>("SELECT clock_timestamp() AS \"Value\"")
                .ToListAsync(cancellationToken))[0]
            : (DateTimeOffset?)null,
        cancellationToken);

    // Figures are stored every few seconds while a gateway runs; jobs when there are any.
    public Task<DateTimeOffset?> FindNewest(CancellationToken cancellationToken) => database.Read(
        async db =>
        {
            DateTimeOffset?[] times =
            [
                await db.ClusterMetrics.Where(row => row.Level == 0).MaxAsync(row => (DateTimeOffset?)row.At, cancellationToken),
                await db.Jobs.MaxAsync(row => (DateTimeOffset?)row.CreatedAt, cancellationToken),
                await db.ClusterEpoch.MaxAsync(row => (DateTimeOffset?)row.RaisedAt, cancellationToken),
            ];
            return times.Max();
        },
        cancellationToken);
}
