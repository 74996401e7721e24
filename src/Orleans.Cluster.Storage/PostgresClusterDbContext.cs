using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Orleans.Cluster.Storage;

/// <summary>
/// The model in PostgreSQL. Transactions run side by side at READ COMMITTED; what they must not overtake they lock.
/// </summary>
internal sealed class PostgresClusterDbContext(DbContextOptions<PostgresClusterDbContext> options) : ClusterDbContext(options)
{
    public override string FromJobShared =>
        "FROM processing_jobs, pg_advisory_xact_lock_shared(hashtextextended(@p0, 0)) AS gate";

    public override string FromJobAlone => "FROM processing_jobs, pg_advisory_xact_lock(hashtextextended(@p0, 0)) AS gate";

    public override string ForShare => " FOR SHARE OF processing_jobs";

    public override string ForUpdateOfJob => " FOR UPDATE OF processing_jobs";

    public override string ForUpdate => " FOR UPDATE";

    public override string ForUpdateSkipLocked => " FOR UPDATE SKIP LOCKED";

    public override string RowPlace => "ctid";

    public override string Among(string query) => $"= ANY (ARRAY({query}))";

    protected override string? BinaryCollation => "C";

    /// <summary>For <c>dotnet ef migrations add</c>, which opens no database.</summary>
    internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<PostgresClusterDbContext>
    {
        public PostgresClusterDbContext CreateDbContext(string[] args) =>
            new(new DbContextOptionsBuilder<PostgresClusterDbContext>().UseNpgsql("Host=design").Options);
    }
}
