using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// What a gateway leaves in its state directory for its workers, and for the next gateway that finds the directory taken:
/// <c>gateway.json</c>. It stays when the gateway ends; only its process says whether it is true.
/// </summary>
internal sealed record GatewayRecord(ProcessIdentity Process, string ClusterId, string Urls, DateTimeOffset StartedAt)
{
    /// <summary>Whether its callers need keys.</summary>
    public bool AsksForKeys { get; init; }

    private const string FileName = "gateway.json";

    public void Write(string stateDirectory)
    {
        // A worker may read at any time: it sees the old record or the new one, never half of one.
        var temporary = Path.Combine(stateDirectory, FileName + ".tmp");
        File.WriteAllText(temporary, JsonSerializer.Serialize(this, WireJson.Options));
        File.Move(temporary, Path.Combine(stateDirectory, FileName), overwrite: true);
    }

    /// <summary>The record of the last gateway, or null when there was none.</summary>
    public static GatewayRecord? Read(string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, FileName);
        return File.Exists(path) ? JsonSerializer.Deserialize<GatewayRecord>(File.ReadAllText(path), WireJson.Options) : null;
    }
}
