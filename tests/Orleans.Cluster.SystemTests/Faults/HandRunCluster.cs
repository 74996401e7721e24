using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// A gateway and workers over one PostgreSQL server, each started on its own, as several machines would: the end of the gateway is nobody
/// else's end.
/// </summary>
public sealed class HandRunCluster : PostgresCluster
{
    private readonly List<Process> workers = [];

    protected override IReadOnlyList<string> Settings => [.. base.Settings, "--Scaling:Target=Fixed", .. FaultSettings.Values];

    public override IReadOnlyList<int> WorkerIds() => [.. workers.Where(worker => !worker.HasExited).Select(worker => worker.Id)];

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

    public override async ValueTask DisposeAsync()
    {
        await KillAsync([.. workers.Where(worker => !worker.HasExited).Select(worker => worker.Id)]);
        workers.ForEach(worker => worker.Dispose());
        await base.DisposeAsync();
    }

    private void StartWorkers()
    {
        foreach (var dead in workers.Where(worker => worker.HasExited).ToList())
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
