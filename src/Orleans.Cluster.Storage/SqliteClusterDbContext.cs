using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Orleans.Cluster.Storage;

/// <summary>The model in SQLite. A transaction that writes is alone (<c>BEGIN IMMEDIATE</c>), so no row needs a lock.</summary>
internal sealed class SqliteClusterDbContext(DbContextOptions<SqliteClusterDbContext> options) : ClusterDbContext(options)
{
    public override string FromJobShared => "FROM processing_jobs";

    public override string FromJobAlone => "FROM processing_jobs";

    public override string ForShare => "";

    public override string ForUpdateOfJob => "";

    public override string ForUpdate => "";

    public override string ForUpdateSkipLocked => "";

    public override string RowPlace => "rowid";

    public override string Among(string query) => $"IN ({query})";

    protected override string? BinaryCollation => null;

    /// <summary>For <c>dotnet ef migrations add</c>, which opens no database.</summary>
    internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<SqliteClusterDbContext>
    {
        public SqliteClusterDbContext CreateDbContext(string[] args) =>
            new(new DbContextOptionsBuilder<SqliteClusterDbContext>().UseSqlite("Data Source=design.db").Options);
    }
}
