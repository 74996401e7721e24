using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>Deleting jobs that have ended.</summary>
public sealed class JobDeletionTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Delete_EndedJob_TakesAllThatBelongsToIt(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        await storage.Checkpoints.Begin(job, max: 1);

        var running = await storage.Jobs.Delete(job.Id, default);
        await storage.Jobs.Apply(job with { Phase = JobPhase.Cancelled });
        var ended = await storage.Jobs.Delete(job.Id, default);
        var again = await storage.Jobs.Delete(job.Id, default);
        var listed = (await storage.Jobs.List(new JobFilter(), default)).Jobs;
        await storage.PruneAll();

        Assert.Equal((false, true, false), (running, ended, again));
        Assert.Empty(listed);
        Assert.Null(await storage.Jobs.Find(job.Id, default));
        Assert.Empty(await storage.Checkpoints.ListWithAttempts(job.Id, null, null, 10, default));
        Assert.Empty(await storage.Jobs.ListHistory(job.Id, default));
    }

    // A job of more rows than one step removes goes by and by, and one that waits for its events keeps nobody else.
    [Theory, MemberData(nameof(Both))]
    public async Task Delete_UndeliveredEvents_AreStillDeliveredAndTheRowsGoInSmallSteps(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var outbox = storage.Services.GetRequiredService<IOutbox>();
        var told = await storage.Jobs.StoreRunning(partitions: 3, new CallbackSpec { Url = "http://127.0.0.1:9/" });
        var large = await storage.Jobs.StoreRunning(partitions: 4500);
        foreach (var job in (JobState[])[told, large])
        {
            await storage.Jobs.Apply(job with { Phase = JobPhase.Cancelled, FinishedAt = TestJobs.Now });
            Assert.True(await storage.Jobs.Delete(job.Id, default));
        }

        var steps = await storage.PruneAll();
        var events = new List<(JobId, JobPhase)>();
        for (var now = DateTimeOffset.UtcNow.AddMinutes(1); await outbox.Claim(
            10, TimeSpan.FromMinutes(1), now, default) is [var message];)
        {
            events.Add((message.Job, message.Phase));
            await outbox.Finish(message, error: null, now, default);
        }

        var kept = await storage.Database.Read(db => db.Jobs.CountAsync(), default);
        await storage.PruneAll();

        Assert.All(steps, rows => Assert.InRange(rows, 1, 2000));
        Assert.Equal([(told.Id, JobPhase.Queued), (told.Id, JobPhase.Running), (told.Id, JobPhase.Cancelled)], events);
        Assert.Equal((1, 0), (kept, await storage.Database.Read(db => db.Jobs.CountAsync(), default)));
        Assert.Equal(0, await storage.Database.Read(db => db.Partitions.CountAsync(), default));
    }
}
