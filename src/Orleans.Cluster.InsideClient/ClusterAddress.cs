using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Orleans.Cluster.InsideClient;

/// <summary>Where the membership of a cluster is, and its name there.</summary>
/// <param name="Invariant">Orleans' name of the database; System.Data.SQLite makes it load Microsoft.Data.Sqlite.</param>
/// <param name="ConnectionString">The database.</param>
/// <param name="ClusterId">Silos with this name are the cluster.</param>
internal sealed record ClusterAddress(string Invariant, string ConnectionString, string ClusterId)
{
    /// <summary>Part of the contract with the silos; it never changes.</summary>
    public const string ServiceId = "orleans-cluster";

    /// <exception cref="IOException">Embedded, and no gateway has run on the directory.</exception>
    public static ClusterAddress Of(InsideClientOptions options) => options.Postgres is { Length: > 0 } postgres
        ? new("Npgsql", postgres, options.ClusterId ?? ServiceId)
        : Embedded(options.StateDirectory!, options.ClusterId);

    private static ClusterAddress Embedded(string stateDirectory, string? clusterId) => new(
        "System.Data.SQLite",
        // Not made when it is missing, so that a mistyped directory does not become an empty database.
        new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(Path.GetFullPath(stateDirectory), "orleans.db"), Mode = SqliteOpenMode.ReadWrite,
            DefaultTimeout = 15,
        }.ConnectionString,
        clusterId ?? ReadClusterId(Path.Combine(stateDirectory, "gateway.json")));

    private static string ReadClusterId(string record)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(record));
        return document.RootElement.GetProperty("clusterId").GetString()!;
    }
}
