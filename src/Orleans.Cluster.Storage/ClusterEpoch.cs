using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>The epoch row.</summary>
internal sealed class ClusterEpoch(ClusterDatabase database, ProcessEpoch process) : IClusterEpoch
{
    public async Task<long> Get(CancellationToken cancellationToken)
    {
        await database.Read(db => process.IsCurrent(db, cancellationToken), cancellationToken);
        return process.Value;
    }

    public async Task<long> Raise(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var raised = await database.WriteInAnyEpoch(
            async db =>
            {
                await db.Database.ExecuteSqlAsync(
                    $"UPDATE cluster_epoch SET epoch = epoch + 1, raised_at = {now.ToUnixTimeMilliseconds()}", cancellationToken);
                return await db.ClusterEpoch.Select(row => row.Epoch).SingleAsync(cancellationToken);
            },
            cancellationToken);
        process.Set(raised);
        return raised;
    }
}
