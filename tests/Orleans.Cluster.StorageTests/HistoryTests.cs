using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>Audit, keys, figures and callbacks.</summary>
public sealed class HistoryTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Audit_ManyAppendAtOnce_OneUnbrokenChain(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var logs = new[] { Of<IAuditLog>(storage.Services), Of<IAuditLog>(storage.AddProcess()) };

        var numbers = await Task.WhenAll(Enumerable.Range(0, 60)
            .Select(n => Task.Run(() => logs[n % 2].Append(Event($"{n}"), default))));

        Assert.Equal(Enumerable.Range(1, 60).Select(n => (long)n), numbers.Order());
        Assert.Equal(new AuditVerdict(60, null), await logs[0].Verify(kept: null, default) with { Last = null });
        var page = await logs[0].List(before: 11, pageSize: 3, default);
        Assert.Equal([10, 9, 8], page.Select(entry => entry.Sequence));
        Assert.Equal("job.cancel", page[0].Event.Action);
    }

    [Theory]
    [InlineData("UPDATE audit_log SET actor = 'eve' WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit_log SET detail = NULL WHERE sequence = 1", 1)]
    [InlineData("DELETE FROM audit_log WHERE sequence = 2", 2)]
    [InlineData("DELETE FROM audit_log WHERE sequence = 5", 5)]
    [InlineData("DELETE FROM audit_log", 1)]
    [InlineData("UPDATE audit_log SET sequence = 6 WHERE sequence = 4", 4)]
    [InlineData("UPDATE audit_log SET at = at + 1, hash = 'ab' WHERE sequence = 5", 5)]
    public async Task Verify_RowTamperedWith_SaysWhichOne(string tamper, long broken)
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var log = Of<IAuditLog>(storage.Services);
        for (var n = 0; n < 5; n++)
        {
            await log.Append(Event($"{n}"), default);
        }

        await storage.Database.WriteInAnyEpoch(db => db.Database.ExecuteSqlRawAsync(tamper), default);

        Assert.Equal(new AuditVerdict(5, broken), await log.Verify(kept: null, default));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Trim_OldEntries_GoAndTheRestIsStillAChain(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var log = Of<IAuditLog>(storage.Services);
        for (var day = 0; day < 6; day++)
        {
            await log.Append(Event($"{day}") with { At = TestJobs.Now.AddDays(day) }, default);
        }

        var before = await log.Verify(kept: null, default);
        var removed = await log.Trim(TestJobs.Now.AddDays(3), TestJobs.Now.AddDays(6), default);
        var again = await log.Trim(TestJobs.Now.AddDays(3), TestJobs.Now.AddDays(6), default);
        var after = await log.Verify(before.Last, default);
        await storage.Database.WriteInAnyEpoch(
            db => db.Database.ExecuteSqlRawAsync("DELETE FROM audit_log WHERE sequence = 4"), default);
        var cut = await log.Verify(kept: null, default);

        Assert.Equal((3, 0), (removed, again));
        Assert.Equal((7, null), (after.Entries, after.FirstBroken));
        Assert.Equal([7, 6, 5], (await log.List(before: null, pageSize: 10, default)).Select(entry => entry.Sequence));
        Assert.NotNull(cut.FirstBroken);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Verify_AnyRowChangedAnywhere_IsFound(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var log = Of<IAuditLog>(storage.Services);
        for (var n = 0; n < 4; n++)
        {
            await log.Append(Event($"{n}"), default);
        }

        var missed = new List<string>();
        foreach (var change in (string[])
            ["at = at + 1", "actor = actor || 'x'", "action = action || 'x'", "target = target || 'x'", "origin = origin || 'x'",
             "outcome = outcome || 'x'", "detail = COALESCE(detail, '') || 'x'", "hash = '00'", "sequence = sequence + 100"])
        {
            for (var n = 1; n <= 4; n++)
            {
                await Change("CREATE TABLE kept AS SELECT * FROM audit_log");
                await Change($"UPDATE audit_log SET {change} WHERE sequence = {n}");
                if ((await log.Verify(kept: null, default)).FirstBroken != n)
                {
                    missed.Add($"{change} of {n}");
                }

                await Change("DELETE FROM audit_log");
                await Change("INSERT INTO audit_log SELECT * FROM kept");
                await Change("DROP TABLE kept");
            }
        }

        Assert.Empty(missed);
        Assert.Null((await log.Verify(kept: null, default)).FirstBroken);

        Task<int> Change(string sql) => storage.Database.WriteInAnyEpoch(db => db.Database.ExecuteSqlRawAsync(sql), default);
    }

    // Who can write to the database can make the whole chain anew. What was written down elsewhere cannot be made to fit.
    [Theory]
    [InlineData("DELETE FROM audit_log WHERE sequence > 3", 4)]
    [InlineData("DELETE FROM audit_log", 1)]
    public async Task Verify_ChainCutOffWithItsHead_IsFoundByWhatWasKept(string cut, long broken)
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var log = Of<IAuditLog>(storage.Services);
        for (var n = 0; n < 5; n++)
        {
            await log.Append(Event($"{n}"), default);
        }

        var kept = (await log.Verify(kept: null, default)).Last;
        var forged =
            $"""
            {cut};
            UPDATE audit_head SET
                sequence = COALESCE((SELECT MAX(sequence) FROM audit_log), 0),
                hash = COALESCE((SELECT hash FROM audit_log ORDER BY sequence DESC LIMIT 1), '')
            """;
        await storage.Database.WriteInAnyEpoch(db => db.Database.ExecuteSqlRawAsync(forged), default);
        var alone = await log.Verify(kept: null, default);
        var against = await log.Verify(kept, default);
        for (var n = 5; n < 10; n++)
        {
            await log.Append(Event($"{n}"), default);
        }

        Assert.Null(alone.FirstBroken);
        Assert.Equal(broken, against.FirstBroken);
        Assert.Equal(5, (await log.Verify(kept, default)).FirstBroken);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task ApiKey_FromMakingToEnd_WorksInBetweenOnly(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var keys = Of<IApiKeyStore>(storage.Services);
        var made = await keys.Create("ci", AccessRole.Submitter, TestJobs.Now, TestJobs.Now.AddHours(1), default);
        var other = await keys.Create("ops", AccessRole.Admin, TestJobs.Now.AddSeconds(1), expiresAt: null, default);

        var found = await keys.Find(made.Secret, TestJobs.Now, default);
        var wrong = await keys.Find(made.Secret[..^1] + (made.Secret[^1] == '0' ? '1' : '0'), TestJobs.Now, default);
        var nameAlone = await keys.Find(made.Key.Id, TestJobs.Now, default);
        var expired = await keys.Find(made.Secret, TestJobs.Now.AddHours(1), default);
        var revoked = await keys.Revoke(other.Key.Id, TestJobs.Now.AddMinutes(1), default);
        var again = await keys.Revoke(other.Key.Id, TestJobs.Now.AddMinutes(2), default);

        Assert.Equal(made.Key, found);
        Assert.Equal((AccessRole.Submitter, "ci"), (found!.Role, found.Name));
        Assert.All([wrong, nameAlone, expired, await keys.Find(other.Secret, TestJobs.Now.AddMinutes(1), default)], Assert.Null);
        Assert.Equal((true, false), (revoked, again));
        Assert.Equal([made.Key.Id, other.Key.Id], (await keys.List(default)).Select(key => key.Id));
        var stored = await storage.Database.Read(db => db.ApiKeys.AsNoTracking().ToListAsync(), default);
        Assert.DoesNotContain(stored, row => row.Hash.Contains(made.Secret[12..], StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Metrics_BeforeAndAfterThinning_SameMeans(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var metrics = Of<IMetricsStore>(storage.Services);
        for (var n = 0; n < 150; n++)
        {
            await metrics.Append(Sample(n), default);
        }

        await metrics.Append(Sample(3) with { Figures = new Dictionary<string, double> { ["slots"] = 99 } }, default);
        var end = TestJobs.Now.AddSeconds(1500);
        var steps = new[] { TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10) };

        var before = new List<IReadOnlyList<MetricsSample>>();
        var after = new List<IReadOnlyList<MetricsSample>>();
        foreach (var step in steps)
        {
            before.Add(await metrics.Query(TestJobs.Now, end, step, default));
        }

        await metrics.Thin(end, default);
        await metrics.Thin(end, default);
        foreach (var step in steps)
        {
            after.Add(await metrics.Query(TestJobs.Now, end, step, default));
        }

        Assert.Equal([150, 25, 3], before.Select(samples => samples.Count));
        Assert.Equal([2.5, 8.5], before[1].Take(2).Select(sample => sample.Figures["slots"]));
        Assert.Equal([29.5, 89.5, 134.5], before[2].Select(sample => sample.Figures["slots"]));
        Assert.Equal(before.SelectMany(Values), after.SelectMany(Values));
    }

    [Fact]
    public async Task Metrics_HistoryThatBeginsInsideAWindow_AnswersEachSampleFromThere()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var metrics = Of<IMetricsStore>(storage.Services);
        for (var n = 2; n < 40; n++)
        {
            await metrics.Append(Sample(n), default);
        }

        await metrics.Thin(TestJobs.Now.AddSeconds(400), default);
        var samples = await metrics.Query(
            TestJobs.Now.AddHours(-1), TestJobs.Now.AddSeconds(400), TimeSpan.FromSeconds(10), default);

        Assert.Equal(
            Enumerable.Range(2, 38).Select(n => (TestJobs.Now.AddSeconds(10 * n), (double)n)),
            samples.Select(sample => (sample.At, sample.Figures["slots"])));
    }

    [Fact]
    public async Task Metrics_OlderThanTheFineLife_AnswersFromCoarserRows()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var metrics = Of<IMetricsStore>(storage.Services);
        for (var n = 0; n < 12; n++)
        {
            await metrics.Append(Sample(n), default);
        }

        var later = TestJobs.Now.AddHours(25);
        await metrics.Thin(TestJobs.Now.AddMinutes(2), default);
        await metrics.Thin(later, default);
        await metrics.Append(Sample(0) with { At = later }, default);
        var samples = await metrics.Query(TestJobs.Now, later.AddMinutes(1), TimeSpan.FromSeconds(10), default);

        Assert.Equal(
            [(TestJobs.Now, 2.5), (TestJobs.Now.AddMinutes(1), 8.5), (later, 0)],
            samples.Select(sample => (sample.At, sample.Figures["slots"])));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Workers_WrittenByOneGateway_AreReadByTheNextAndTheDeadStayDead(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var history = Of<IWorkerHistory>(storage.Services);
        var dead = Worker("a", TestJobs.Now.AddSeconds(1)) with
        {
            State = WorkerState.Dead, Reason = "It died: process 7 ended with code 137.",
        };
        await history.Write(
            [Worker("a", TestJobs.Now), Worker("b", TestJobs.Now.AddSeconds(2)), Worker("old", TestJobs.Now.AddHours(-2))],
            TestJobs.Now.AddHours(-3), default);
        await history.Write([dead], TestJobs.Now.AddHours(-3), default);
        await history.Write([Worker("a", TestJobs.Now.AddSeconds(9))], TestJobs.Now.AddHours(-1), default);

        var read = await Of<IWorkerHistory>(storage.AddProcess()).List(TestJobs.Now.AddHours(-9), default);

        Assert.Equal([dead, Worker("b", TestJobs.Now.AddSeconds(2))], read);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Workers_MoreThanAreKept_LoseTheOldest(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var history = Of<IWorkerHistory>(storage.Services);

        await history.Write(
            [.. Enumerable.Range(0, IWorkerHistory.MaxWorkers + 3).Select(n => Worker($"{n}", TestJobs.Now.AddSeconds(n)))],
            TestJobs.Now, default);
        var rows = await storage.Database.Read(db => db.WorkerHistory.CountAsync(), default);
        var read = await history.List(TestJobs.Now, default);

        Assert.Equal(IWorkerHistory.MaxWorkers, rows);
        Assert.Equal((IWorkerHistory.MaxWorkers, "w-3"), (read.Count, read[0].Id.Value));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Outbox_JobWithCallback_GivesEachChangeOnceInOrder(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var outbox = Of<IOutbox>(storage.Services);
        var other = Of<IOutbox>(storage.AddProcess());
        var callback = new CallbackSpec { Url = "http://127.0.0.1:9/", Secret = "whsec_1" };
        var job = await storage.Jobs.StoreRunning(partitions: 0, callback);
        await storage.Jobs.StoreRunning(partitions: 0);
        var now = DateTimeOffset.UtcNow.AddMinutes(1);
        var lease = TimeSpan.FromSeconds(30);

        var claims = await Task.WhenAll(Enumerable.Range(0, 6)
            .Select(n => Task.Run(() => (n % 2 == 0 ? outbox : other).Claim(10, lease, now, default))));
        var first = Assert.Single(claims.SelectMany(claim => claim));
        var leased = await outbox.Claim(10, lease, now + lease - TimeSpan.FromSeconds(1), default);
        var again = Assert.Single(await other.Claim(10, lease, now + lease, default));
        await outbox.Postpone(again, "503", now.AddHours(1), default);
        var postponed = await outbox.Claim(10, lease, now.AddMinutes(59), default);
        var third = Assert.Single(await outbox.Claim(10, lease, now.AddHours(1), default));
        await outbox.Finish(third, error: null, now.AddHours(1), default);
        var next = Assert.Single(await outbox.Claim(10, lease, now.AddHours(1), default));

        Assert.Equal(
            (job.Id, JobPhase.Queued, 1, $"{job.Id}-1", callback),
            (first.Job, first.Phase, first.Tries, first.Id, first.Callback));
        Assert.Empty(leased);
        Assert.Empty(postponed);
        Assert.Equal((2, 3), (again.Tries, third.Tries));
        Assert.Equal((JobPhase.Running, $"{job.Id}-2"), (next.Phase, next.Id));
    }

    private static T Of<T>(IServiceProvider services)
        where T : notnull => services.GetRequiredService<T>();

    private static WorkerStatus Worker(string name, DateTimeOffset lastSeen) => new()
    {
        Id = new WorkerId($"w-{name}"), Address =
            "127.0.0.1:1", State = WorkerState.Active, Slots = 2, Cpu = 0.5, Memory = new WorkerMemory(3, 2, 1),
        StartedAt = TestJobs.Now, LastSeen = lastSeen, ProcessId = 7, Machine = "here",
    };

    private static AuditEvent Event(string target) =>
        new(TestJobs.Now, "ada", "job.cancel", target, "127.0.0.1", "ok", "a \"detail\"");

    private static MetricsSample Sample(int n) => new(
        TestJobs.Now.AddSeconds(10 * n), TimeSpan.FromSeconds(10),
        new Dictionary<string, double> { ["slots"] = n, ["cpu"] = 0.5 });

    private static IEnumerable<(DateTimeOffset, double)> Values(IReadOnlyList<MetricsSample> samples) =>
        samples.Select(sample => (sample.At, Math.Round(sample.Figures["slots"], 9)));
}
