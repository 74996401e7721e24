using System.Diagnostics;
using Microsoft.EntityFrameworkCore;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Brings the database to the schema of this program: the <c>migrate</c> command, and the first thing that an embedded gateway
/// does.
/// </summary>
internal sealed partial class SchemaMigrator(ClusterDatabase database, ILogger<SchemaMigrator> logger)
{
    /// <summary>
    /// Creates or upgrades all tables. Safe to run twice and from two places at once; the second waits for the first.
    /// </summary>
    public async Task Migrate(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        await database.Migrate(cancellationToken);
        Log.Migrated(logger, clock.ElapsedMilliseconds);
    }

    /// <summary>
    /// The name of the last change that a later version of this program has made to the schema; null when there is none.
    /// </summary>
    public async Task<string?> FindLater(CancellationToken cancellationToken) => await database.Read(
        async db => (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).Except(db.Database.GetMigrations())
            .LastOrDefault(),
        cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(4000, LogLevel.Information, "The database has the schema of this version ({Milliseconds} ms).")]
        public static partial void Migrated(ILogger logger, long milliseconds);
    }
}
