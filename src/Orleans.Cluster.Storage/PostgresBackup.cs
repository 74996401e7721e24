using Microsoft.EntityFrameworkCore;
using Npgsql;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Storage;

/// <summary>
/// The tables in PostgreSQL, each as a file of the server's own binary form, all of one moment. Membership is left out: the silos
/// of a restored cluster are others.
/// </summary>
internal sealed class PostgresBackup(string connectionString, ClusterDatabase database) : IDatabaseBackup
{
    private const string Extension = ".copy";

    // Tables of this program's schema; what migrations and Orleans' scripts fill themselves, and who is a member, is left out.
    private const string ListTables =
        """
        SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
          AND relname NOT IN ('__EFMigrationsHistory', 'orleansquery', 'orleansmembershiptable', 'orleansmembershipversiontable')
        ORDER BY relname
        """;

    private const string ListReferences =
        """
        SELECT child.relname, parent.relname FROM pg_constraint AS key
          JOIN pg_class AS child ON child.oid = key.conrelid JOIN pg_class AS parent ON parent.oid = key.confrelid
        WHERE key.contype = 'f' AND child.relnamespace = current_schema()::regnamespace
        """;

    private const string SetSequences =
        """
        SELECT format('SELECT setval(%L, GREATEST(1, (SELECT COALESCE(max(%I), 1) FROM %I)))', pg_get_serial_sequence(quote_ident(c.relname), a.attname),
                      a.attname, c.relname)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
          AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL
        """;

    public string Kind => "postgres";

    public string SchemaVersion
    {
        get
        {
            using var db = new PostgresClusterDbContext(
                new DbContextOptionsBuilder<PostgresClusterDbContext>().UseNpgsql().Options);
            return db.Database.GetMigrations().Last();
        }
    }

    public async Task Save(string folder, CancellationToken cancellationToken)
    {
        await RequireSchema(cancellationToken);
        await using var source = Open();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(
            System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        foreach (var table in await Rows(connection, ListTables, row => row.GetString(0), cancellationToken))
        {
            await using var rows = await connection.BeginRawBinaryCopyAsync(
                $"COPY \"{table}\" TO STDOUT (FORMAT BINARY)", cancellationToken);
            await using var file = File.Create(Path.Combine(folder, table + Extension));
            await rows.CopyToAsync(file, cancellationToken);
        }
    }

    public async Task Restore(string folder, CancellationToken cancellationToken)
    {
        await database.Migrate(cancellationToken);
        await using var source = Open();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if ((await Rows(connection, "SELECT count(*) FROM processing_jobs", row => row.GetInt64(0), cancellationToken))[0] > 0)
        {
            throw new StartRefusedException(
                "The database of ConnectionStrings:Postgres has jobs already. Restore into an empty database.");
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var tables = await InOrder(connection, cancellationToken);
        foreach (var table in tables.Reverse())
        {
            await Execute(connection, $"DELETE FROM \"{table}\"", cancellationToken);
        }

        foreach (var table in tables.Where(table => File.Exists(Path.Combine(folder, table + Extension))))
        {
            await using var rows = await connection.BeginRawBinaryCopyAsync(
                $"COPY \"{table}\" FROM STDIN (FORMAT BINARY)", cancellationToken);
            await using var file = File.OpenRead(Path.Combine(folder, table + Extension));
            await file.CopyToAsync(rows, cancellationToken);
        }

        foreach (var statement in await Rows(connection, SetSequences, row => row.GetString(0), cancellationToken))
        {
            await Execute(connection, statement, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private async Task RequireSchema(CancellationToken cancellationToken)
    {
        var pending = await database.Read(
            async db => (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList(), cancellationToken);
        if (pending.Count > 0)
        {
            throw new StartRefusedException(
                "The database does not have the schema of this version. Back it up with the version that it belongs to.");
        }
    }

    // Copying takes as long as it takes, and no statement waits for another meanwhile.
    private NpgsqlDataSource Open() => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false }.ConnectionString);

    // A table after those that it refers to.
    private static async Task<IReadOnlyList<string>> InOrder(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var left = await Rows(connection, ListTables, row => row.GetString(0), cancellationToken);
        var references = await Rows(
            connection, ListReferences, row => (Child: row.GetString(0), Parent: row.GetString(1)), cancellationToken);
        var ordered = new List<string>();
        while (left.Count > 0)
        {
            var next = left.First(table =>
                references.All(pair => pair.Child != table || pair.Parent == table || !left.Contains(pair.Parent)));
            left.Remove(next);
            ordered.Add(next);
        }

        return ordered;
    }

    private static async Task<List<T>> Rows<T>(
        NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
