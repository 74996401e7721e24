using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

public sealed class QueueLedgerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TimeSpan Rise = TimeSpan.FromMinutes(1);
    private static readonly GangBounds Bounds = new(
        Turn: TimeSpan.FromSeconds(30), Confirmation: TimeSpan.FromSeconds(10), Replacement: TimeSpan.FromSeconds(20));
    private readonly QueueLedger ledger = new(Rise, Bounds);
    private int jobs;
    private long reports;

    [Fact]
    public void Grant_MixedPriorities_HighestFirstThenOldest()
    {
        var low = Job(JobPriority.Low, ready: 1);
        var second = Job(JobPriority.High, ready: 1, age: TimeSpan.FromSeconds(1));
        var first = Job(JobPriority.High, ready: 1, age: TimeSpan.FromSeconds(2));
        ledger.Refresh([low, second, first]);
        Report(Worker("a", slots: 2), []);

        var granted = ledger.Grant([new WorkerId("a")], Now);

        Assert.Equal([first.Id, second.Id], granted.Select(grant => grant.Match.Job));
    }

    [Fact]
    public void Grant_LowThatHasWaitedThreeRises_PassesYoungerCritical()
    {
        var low = Job(JobPriority.Low, ready: 1, age: 3 * Rise);
        ledger.Refresh([Job(JobPriority.Critical, ready: 1), low]);
        Report(Worker("a", slots: 1), []);

        var granted = ledger.Grant([new WorkerId("a")], Now);

        Assert.Equal(low.Id, Assert.Single(granted).Match.Job);
    }

    [Fact]
    public void Grant_OldJobThatHasJustGotASlot_IsBackAtItsPriority()
    {
        var low = Job(JobPriority.Low, ready: 2, age: 3 * Rise);
        var high = Job(JobPriority.High, ready: 1);
        ledger.Refresh([low, high]);
        Report(Worker("a", slots: 1), []);
        ledger.Grant([new WorkerId("a")], Now);
        Report(Worker("a", slots: 1), []);

        var granted = ledger.Grant([new WorkerId("a")], Now);

        Assert.Equal(high.Id, Assert.Single(granted).Match.Job);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MayKnowTooFew_GrantBegun_OnlyWhenItWasUnderWayAtTheLastRead(bool readBetween)
    {
        var job = Job(JobPriority.Normal, ready: 3);
        ledger.Refresh([job]);
        Report(Worker("a", slots: 1), []);
        ledger.Grant([new WorkerId("a")], Now);
        if (readBetween)
        {
            ledger.Refresh([job]);
        }

        Report(Worker("a", slots: 1), []);

        Assert.Equal(readBetween, ledger.KnownTooLow.Contains(job.Id));
        ledger.Refresh([job.Id], [job]);
        Assert.Empty(ledger.KnownTooLow);
    }

    // One worker begins a grant, and a read in between saw that already: the other's slot must not wait for the last partition.
    [Fact]
    public void ShouldReadAgain_GrantBegunThatTheReadHadSeen_OnlyForAnIdleSlot()
    {
        var job = Job(JobPriority.Normal, ready: 2);
        ledger.Refresh([job]);
        Report(Worker("a", slots: 1), []);
        ledger.Grant([new WorkerId("a")], Now);
        var asRead = job with { Stages = [new StageBacklog(0, 1, 0, 1, null)] };
        ledger.Refresh([asRead]);
        Report(Worker("b", slots: 1), []);
        Assert.Empty(ledger.Grant([new WorkerId("b")], Now));

        Report(Worker("a", slots: 1, free: 0), []);

        Assert.Empty(ledger.Grant([new WorkerId("b")], Now));
        Assert.False(ledger.ShouldReadAgain([new WorkerId("a")]));
        Assert.True(ledger.ShouldReadAgain([new WorkerId("b")]));
        Report(Worker("b", slots: 1) with { Draining = true }, []);
        Assert.False(ledger.ShouldReadAgain([new WorkerId("b")]));

        Report(Worker("b", slots: 1), []);
        ledger.Refresh([asRead]);

        Assert.False(ledger.ShouldReadAgain([new WorkerId("b")]));
        Assert.Equal(new WorkerId("b"), Assert.Single(ledger.Grant([new WorkerId("b")], Now)).Match.Worker);
    }

    [Fact]
    public void Grant_GrantUnderWay_IsNotGrantedTwiceByAStaleRead()
    {
        var job = Job(JobPriority.Normal, ready: 1);
        ledger.Refresh([job]);
        Report(Worker("a", slots: 1), []);
        var (number, _) = Assert.Single(ledger.Grant([new WorkerId("a")], Now));
        ledger.Refresh([job]);
        Report(Worker("a", slots: 1), [number]);
        Report(Worker("b", slots: 1), []);

        Assert.Empty(ledger.Grant([new WorkerId("a"), new WorkerId("b")], Now));
    }

    [Fact]
    public void Grant_AnswerThatTheReportHasCrossed_CountsAsTaken()
    {
        var job = Job(JobPriority.Normal, ready: 2);
        ledger.Refresh([job]);
        ledger.Report(Worker("a", slots: 1), 1, [], []);
        var (number, _) = Assert.Single(ledger.Grant([new WorkerId("a")], Now));

        ledger.Report(Worker("a", slots: 1), 2, [], [1]);
        Assert.Empty(ledger.Grant([new WorkerId("a")], Now));
        ledger.Report(Worker("a", slots: 1, free: 0), 3, [number], [1]);
        Assert.Equal(0, Assert.Single(ledger.Workers).FreeSlots);
        ledger.Report(Worker("a", slots: 1), 4, [], []);
        Assert.Single(ledger.Grant([new WorkerId("a")], Now));
    }

    [Fact]
    public void Grant_WorkerDied_ItsGrantIsFreeForOthers()
    {
        ledger.Refresh([Job(JobPriority.Normal, ready: 1)]);
        Report(Worker("a", slots: 1), []);
        ledger.Grant([new WorkerId("a")], Now);
        ledger.Remove(new WorkerId("a"));
        Report(Worker("b", slots: 1), []);

        Assert.Single(ledger.Grant([new WorkerId("b")], Now));
    }

    [Fact]
    public void Grant_LargeTaskThatFitsNowhereYet_KeepsOneWorkerFromSmallerOnes()
    {
        var large = Job(
            JobPriority.Normal, ready: 1,
            age: TimeSpan.FromSeconds(5)) with { Resources = new ResourceRequest { MemoryBytes = 1000 } };
        var small = Job(JobPriority.Normal, ready: 4) with { Resources = new ResourceRequest { MemoryBytes = 10 } };
        ledger.Refresh([large, small]);
        Report(Worker("a", slots: 4, memory: 1000, freeMemory: 900), []);
        Report(Worker("b", slots: 1, memory: 100), []);

        var granted = ledger.Grant([new WorkerId("a"), new WorkerId("b")], Now);

        Assert.Equal(("b", small.Id), (Assert.Single(granted).Match.Worker.Value, granted[0].Match.Job));
    }

    [Fact]
    public void Grant_Gang_GetsAllItsSlotsAtOnceOrNone()
    {
        var gang = Job(JobPriority.Normal, ready: 3) with { Gang = true };
        ledger.Refresh([gang]);
        Report(Worker("a", slots: 2), []);
        Report(Worker("b", slots: 1, free: 0), []);

        var none = ledger.Grant([new WorkerId("a"), new WorkerId("b")], Now);
        Report(Worker("b", slots: 1), []);
        var all = ledger.Grant([new WorkerId("a"), new WorkerId("b")], Now);

        Assert.Empty(none);
        Assert.Equal(3, all.Sum(grant => grant.Match.Count));
    }

    [Fact]
    public void Grant_Stopped_GivesNothingAndSaysSo()
    {
        var job = Job(JobPriority.Normal, ready: 1);
        ledger.Refresh([job]);
        Report(Worker("a", slots: 1), []);
        ledger.Stopped = true;

        Assert.Empty(ledger.Grant([new WorkerId("a")], Now));
        Assert.Equal(ReasonCode.ClusterStopped, ledger.Explain(job.Id, Now)!.Code);
    }

    [Fact]
    public void Unwanted_JobEndedOrCancelling_NamesItsAttempts()
    {
        var cancelling = Job(JobPriority.Normal, ready: 0) with { Phase = JobPhase.Cancelling };
        var running = Job(JobPriority.Normal, ready: 0);
        ledger.Refresh([cancelling, running]);
        AttemptId[] attempts = [Attempt(cancelling.Id), Attempt(running.Id), Attempt(JobId.New())];

        Assert.Equal([attempts[0], attempts[2]], ledger.Unwanted(attempts));
    }

    [Theory]
    [InlineData(0, false, 0, ReasonCode.NoWorkers)]
    [InlineData(1, true, 0, ReasonCode.WorkersDraining)]
    [InlineData(1, false, 1, ReasonCode.WaitingForSlot)]
    public void Explain_WaitingJob_NamesWhatIsMissing(int workers, bool draining, int busy, ReasonCode expected)
    {
        var job = Job(JobPriority.Normal, ready: 1);
        ledger.Refresh([job]);
        for (var i = 0; i < workers; i++)
        {
            Report(Worker($"w{i}", slots: 1, free: 1 - busy) with { Draining = draining }, []);
        }

        Assert.Equal(expected, ledger.Explain(job.Id, Now)!.Code);
    }

    // Slots that are being taken up are the job's own: it runs, and does not wait for them.
    [Fact]
    public void Explain_TheSlotsAreItsOwn_SaysThatItRuns()
    {
        var job = Job(JobPriority.Normal, ready: 4);
        ledger.Refresh([job]);
        Report(Worker("a", slots: 2), []);
        ledger.Grant([new WorkerId("a")], Now);

        Assert.Equal(ReasonCode.Running, ledger.Explain(job.Id, Now)!.Code);
        Assert.Empty(ledger.Describe(Now).Waiting);
    }

    // A worker says what it runs before a read of the database does: it runs, and is not on the list of those that wait.
    [Fact]
    public void Explain_AReportNamesItsAttempts_SaysThatItRuns()
    {
        var job = Job(JobPriority.Normal, ready: 4);
        ledger.Refresh([job]);

        ledger.Report(Worker("a", slots: 2, free: 0), ++reports, [], [], [], [Attempt(job.Id)]);

        Assert.Equal(ReasonCode.Running, ledger.Explain(job.Id, Now)!.Code);
        Assert.Empty(ledger.Describe(Now).Waiting);
        ledger.Report(Worker("a", slots: 2), ++reports, [], []);
        Assert.Single(ledger.Describe(Now).Waiting);
    }

    [Fact]
    public void Describe_TenThousandJobs_LooksAtThoseOfThePageAlone()
    {
        ledger.Refresh(
            [.. Enumerable.Range(0, 10_000)
                .Select(number => Job((JobPriority)(number % 3), ready: 1, age: TimeSpan.FromSeconds(number % 97)))]);
        Report(Worker("a", slots: 2, free: 0), []);
        ledger.Describe(Now, size: 1);
        var before = ledger.Work;

        var page = ledger.Describe(Now, size: 50);

        Assert.InRange(ledger.Work - before, 50, 50 * 40);
        Assert.Equal(Enumerable.Range(1, 50), page.Waiting.Select(job => job.Position));
        Assert.All(page.Waiting, job => Assert.Equal(ledger.Explain(job.Id, Now), job.Reason));
        Assert.Equal([0, 3333, 3333, 3334], page.Priorities.Select(level => level.Jobs));
    }

    [Fact]
    public void GrantAndRefresh_TenThousandJobs_LookAtThoseThatChangeAlone()
    {
        List<ActiveJob> all = [.. Enumerable.Range(0, 10_000).Select(_ => Job(JobPriority.Normal, ready: 1))];
        ledger.Refresh(all);
        Report(Worker("a", slots: 4), []);
        var before = ledger.Work;

        var granted = ledger.Grant([new WorkerId("a")], Now);
        var afterGrant = ledger.Work;
        ledger.Refresh(all);
        ledger.Refresh([all[0].Id], []);

        Assert.Equal(4, granted.Count);
        Assert.InRange(afterGrant - before, 4, 500);
        Assert.InRange(ledger.Work - afterGrant, 0, 500);
    }

    [Fact]
    public void Describe_PageByPage_NamesEachWaitingJobOnceAlthoughTheFirstLeaves()
    {
        List<ActiveJob> all = [.. Enumerable.Range(0, 25).Select(number => Job((JobPriority)(number % 4), ready: 1))];
        ledger.Refresh(all);
        var first = ledger.Describe(Now, size: 10);
        ledger.Refresh([first.Waiting[0].Id, first.Waiting[9].Id], []);

        var second = ledger.Describe(Now, 10, FairKey.FromToken(first.NextPageToken!));
        var third = ledger.Describe(Now, 10, FairKey.FromToken(second.NextPageToken!));

        Assert.Null(third.NextPageToken);
        var seen = first.Waiting.Concat(second.Waiting).Concat(third.Waiting).Select(job => job.Id).ToHashSet();
        Assert.Equal(all.Select(job => job.Id).Order(), seen.Order());
    }

    [Fact]
    public void Describe_OnlySomeJobs_KeepsTheirTruePositions()
    {
        List<ActiveJob> all = [.. Enumerable.Range(0, 10).Select(_ => Job(JobPriority.Normal, ready: 1))];
        ledger.Refresh(all);

        var page = ledger.Describe(Now, 2, only: [all[8].Id, all[2].Id, all[5].Id]);
        var rest = ledger.Describe(Now, 2, FairKey.FromToken(page.NextPageToken!), [all[8].Id, all[2].Id, all[5].Id]);

        Assert.Equal([3, 6], page.Waiting.Select(job => job.Position));
        Assert.Equal(9, Assert.Single(rest.Waiting).Position);
    }

    private void Report(WorkerSnapshot worker, IReadOnlyCollection<long> openGrants) =>
        ledger.Report(worker, ++reports, openGrants, []);

    private ActiveJob Job(JobPriority priority, int ready, TimeSpan age = default) => new(
        JobId.Parse($"01JD{++jobs:0000000000000000000000}"), JobPhase.Running, priority, 1, Now - age,
        new ResourceRequest { MemoryBytes = 1 }, false, [], null,
        [new StageBacklog(0, ready, 0, 0, null)]);

    private static AttemptId Attempt(JobId job) => new(new TaskId(job, 0, 0), 1);

    private static WorkerSnapshot Worker(string name, int slots, int? free = null, long memory = 100, long? freeMemory = null) =>
        new(new WorkerId(name), slots, memory, 0, free ?? slots, freeMemory ?? memory, 0, false, null);
}
