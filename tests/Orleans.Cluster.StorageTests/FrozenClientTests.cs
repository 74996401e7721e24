using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>A silo that stands still holds no job's row for long, whatever it was doing at that moment.</summary>
public sealed class FrozenClientTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Apply_AnotherSiloStandsStillInTheMiddleOfAStatement_GetsTheRow()
    {
        await using var storage = await TestStorage.Create(Database.Postgres, postgres);
        var job = await storage.Jobs.Create(TestJobs.New(), default);
        var connection = storage.Services.GetRequiredService<StorageConnection>().ConnectionString;
        using var still = await HalfSentStatement.Begin(
            PostgresDatabase.WithDefaults(connection), $"SELECT 1 FROM processing_jobs WHERE id = '{job.State.Id}' FOR UPDATE");

        await storage.Jobs.Apply(job.State with { Phase = JobPhase.Planning });

        Assert.Equal(JobPhase.Planning, (await storage.Jobs.Find(job.State.Id, default))!.State.Phase);
    }
}
