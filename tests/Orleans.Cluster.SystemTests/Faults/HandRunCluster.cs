using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// A gateway and workers over one PostgreSQL server, each started on its own, as several machines would: the end of the gateway
/// is nobody else's end.
/// </summary>
public class HandRunCluster : PostgresCluster
{
    private readonly List<Process> workers = [];
    private readonly List<Process> rivals = [];

    protected override IReadOnlyList<string> Settings => [.. base.Settings, "--Scaling:Target=Fixed", .. FaultSettings.Values];

    public override IReadOnlyList<int> WorkerIds() => [.. workers.Select(worker => worker.Id).Where(Runs)];

    public override async Task KillEverythingAsync()
    {
        var others = base.KillEverythingAsync();
        await Server.Kill();
        await others;
    }

    public override async Task ReviveAsync()
    {
        StartWorkers();
        await base.ReviveAsync();
    }

    // The database comes last: what has started before it waits for it.
    protected override async Task WhileStartingAsync()
    {
        StartWorkers();
        if (!Server.IsRunning)
        {
            await Server.Start();
        }
    }

    /// <summary>What the database says of a job, for when no gateway can be asked.</summary>
    public async Task<JobPhase> PhaseAsync(string id)
    {
        await using var connection = new NpgsqlConnection(Server.ConnectionStringOf(DatabaseName));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT phase FROM processing_jobs WHERE id = @id", connection);
        command.Parameters.AddWithValue("id", id);
        return (JobPhase)Convert.ToInt32(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>Starts another gateway of the same cluster, on a state folder of its own.</summary>
    /// <returns>Its process, and where it will listen.</returns>
    protected (Process Process, Uri Address) StartGateway(string name)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}/api/processing/");
        var gateway = StartSilo(
            [$"--Urls={address.GetLeftPart(UriPartial.Authority)}", $"--Cluster:Workers={Workers}", "--Cluster:DashboardPort=0",
             $"--Cluster:ArtifactStore={Path.Combine(StateFolder, "artifacts")}",
             // Silos with other state folders know each other by a certificate that all were given.
             $"--Cluster:Tls:Certificate={Path.Combine(StateFolder, "silo.pem")}",
             .. AsksForKeys ? ["--Gateway:Authentication=Required", $"--Cluster:DataRoots:0={Folder}"] : Array.Empty<string>()],
            Path.Combine(Folder, name));
        return (gateway, address);
    }

    /// <summary>Whether a gateway accepts jobs.</summary>
    protected static async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using var response = await http.GetAsync("health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>
    /// Starts a second cluster over the same database and artifacts, which knows nothing of the first: every job then has two
    /// grains, and there are two queues, each of which takes the other's workers for lost.
    /// </summary>
    public void StartRivals()
    {
        foreach (var role in (string[])["Gateway", "Worker"])
        {
            rivals.Add(StartSilo(
                [$"--Cluster:Role={role}", "--Cluster:Id=rival", "--Urls=http://127.0.0.1:0", "--Cluster:DashboardPort=0",
                 $"--Cluster:ArtifactStore={Path.Combine(StateFolder, "artifacts")}"],
                Path.Combine(Folder, "rival")));
        }
    }

    /// <summary>Ends the second cluster, as a crash would.</summary>
    public async Task KillRivalsAsync()
    {
        await KillAsync([.. rivals.Select(rival => rival.Id).Where(Runs)]);
        rivals.ForEach(rival => rival.Dispose());
        rivals.Clear();
    }

    public override async ValueTask DisposeAsync()
    {
        await KillRivalsAsync();
        await KillAsync([.. workers.Select(worker => worker.Id).Where(Runs)]);
        workers.ForEach(worker => worker.Dispose());
        await base.DisposeAsync();
    }

    /// <summary>Starts workers in place of those that do not run.</summary>
    public void StartWorkers()
    {
        foreach (var dead in workers.Where(worker => !Runs(worker.Id)).ToList())
        {
            workers.Remove(dead);
            dead.Dispose();
        }

        while (workers.Count < Workers)
        {
            workers.Add(StartSilo(["--Cluster:Role=Worker"]));
        }
    }
}

/// <summary>The embedded default: the gateway's end is its workers' end.</summary>
public sealed class EmbeddedFaultCluster : EmbeddedCluster
{
    protected override IReadOnlyList<string> Settings => FaultSettings.Values;
}

internal static class FaultSettings
{
    /// <summary>What is left behind is to be gone while a test waits for it.</summary>
    public static IReadOnlyList<string> Values { get; } = ["--Retention:SweepInterval=00:00:02"];
}
