using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>The row that names the artifact store. It belongs to no run of the cluster, so an epoch does not guard it.</summary>
internal sealed class StoreIdentities(ClusterDatabase database) : IStoreIdentities
{
    public Task<StoreIdentity?> Find(CancellationToken cancellationToken) => database.Read(Read, cancellationToken);

    public async Task<StoreIdentity> Make(CancellationToken cancellationToken) => await database.WriteInAnyEpoch(
        async db =>
        {
            var fresh = Guid.NewGuid().ToString("N");
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO store_mark (id, store_id, epoch) VALUES ({Rows.StoreMarkRow.OnlyId}, {fresh}, 0)
                ON CONFLICT (id) DO NOTHING
                """,
                cancellationToken);
            return (await Read(db))!;
        },
        cancellationToken);

    public async Task<StoreIdentity> Raise(long above, CancellationToken cancellationToken) => await database.WriteInAnyEpoch(
        async db =>
        {
            await db.StoreMark.ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Epoch, row => (row.Epoch > above ? row.Epoch : above) + 1), cancellationToken);
            return (await Read(db))!;
        },
        cancellationToken);

    private static async Task<StoreIdentity?> Read(ClusterDbContext db) =>
        await db.StoreMark.AsNoTracking().Select(row => new StoreIdentity(row.StoreId, row.Epoch)).SingleOrDefaultAsync();
}
