using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>Writes one row again and again, at a level of the figures that no reader of them knows.</summary>
internal sealed class StorageProbe(ClusterDatabase database, TimeProvider clock) : IStorageProbe
{
    private const int Level = -1;

    public Task Write(CancellationToken cancellationToken)
    {
        var second = (int)(clock.GetUtcNow().ToUnixTimeSeconds() % 86_400);
        return database.WriteInAnyEpoch(
            db => db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO cluster_metrics (level, at, seconds, sample) VALUES ({Level}, 0, {second}, '')
                ON CONFLICT (level, at) DO UPDATE SET seconds = excluded.seconds
                """,
                cancellationToken),
            cancellationToken);
    }
}
