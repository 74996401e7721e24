using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Storage;

/// <summary>What Orleans' ADO.NET providers are given.</summary>
/// <param name="Invariant">Orleans' name of the database. It says System.Data.SQLite, and loads Microsoft.Data.Sqlite.</param>
/// <param name="ConnectionString">Where its tables are.</param>
internal sealed record StorageConnection(string Invariant, string ConnectionString)
{
    public const string PostgresName = "Postgres";
    private const string SqliteInvariant = "System.Data.SQLite";
    private const string PostgresInvariant = "Npgsql";

    /// <summary>Whether all state is in files of this machine.</summary>
    public bool IsEmbedded => Invariant == SqliteInvariant;

    /// <summary>As <c>AddClusterStorage</c> would choose, for code that runs before there are services.</summary>
    public static StorageConnection Of(IConfiguration configuration)
    {
        var settings = new ClusterSettings();
        configuration.GetSection(ClusterSettings.Section).Bind(settings);
        return configuration.GetConnectionString(PostgresName) is { Length: > 0 } postgres
            ? new StorageConnection(PostgresInvariant, postgres)
            : new StorageConnection(SqliteInvariant, new SqliteConnectionStringBuilder
            {
                DataSource = OrleansPath(new ClusterPaths(Options.Create(settings))),
                DefaultTimeout = 15,
            }.ConnectionString);
    }

    /// <summary>
    /// Ends a start with a text that no server can be found by. The text may hold a password, and is not shown.
    /// </summary>
    /// <exception cref="StartRefusedException">It is not a connection string, or names no server.</exception>
    public static void RefuseFaults(IConfiguration configuration)
    {
        if (configuration.GetConnectionString(PostgresName) is not { Length: > 0 } text)
        {
            return;
        }

        try
        {
            if (new NpgsqlConnectionStringBuilder(text).Host is { Length: > 0 })
            {
                return;
            }
        }
        catch (Exception unreadable) when (unreadable is ArgumentException or FormatException or InvalidCastException
            or OverflowException or NotSupportedException)
        {
            // The same answer.
        }

        throw new StartRefusedException(
            $"ConnectionStrings:{PostgresName} is not a connection string of PostgreSQL. "
            + "Write it as Host=db.example.org;Port=5432;Username=orleans;Password=...;Database=orleans.");
    }

    /// <summary>Jobs and all that belongs to them.</summary>
    public static string JobsPath(ClusterPaths paths) => Path.Combine(paths.State, "cluster.db");

    /// <summary>
    /// Membership and grain state: a file of its own, so that Orleans' writes and ours do not wait for each other.
    /// </summary>
    public static string OrleansPath(ClusterPaths paths) => Path.Combine(paths.State, "orleans.db");
}
