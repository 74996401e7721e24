using CsCheck;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

/// <summary>Who gets the slots when jobs of several callers wait.</summary>
public sealed class OwnerShareTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TimeSpan Rise = TimeSpan.FromMinutes(1);
    private static readonly GangBounds Bounds =
        new(Turn: TimeSpan.FromSeconds(30), Confirmation: TimeSpan.FromSeconds(10), Replacement: TimeSpan.FromSeconds(20));

    private readonly QueueLedger ledger = new(Rise, Bounds);
    private int jobs;
    private long reports;

    [Fact]
    public void Grant_TwoOwners_ShareTheSlots()
    {
        var many = Enumerable.Range(0, 50)
            .Select(_ => Job(JobPriority.Normal, ready: 10, age: TimeSpan.FromSeconds(9), owner: "anna")).ToList();
        var one = Job(JobPriority.Normal, ready: 3, owner: "ben");
        ledger.Refresh([.. many, one]);
        Report(Worker("a", slots: 8), []);

        var granted = ledger.Grant([new WorkerId("a")], Now);

        Assert.Equal(3, granted.Where(grant => grant.Match.Job == one.Id).Sum(grant => grant.Match.Count));
        Assert.Equal(5, granted.Where(grant => grant.Match.Job == many[0].Id).Sum(grant => grant.Match.Count));
    }

    [Fact]
    public void Grant_OwnerWithBusySlots_WaitsForTheOtherToHaveAsMany()
    {
        var busy = Job(JobPriority.Normal, ready: 10, age: TimeSpan.FromSeconds(9), owner: "anna", running: 3);
        var idle = Job(JobPriority.Normal, ready: 10, owner: "ben");
        ledger.Refresh([busy, idle]);
        Report(Worker("a", slots: 8, free: 5), []);

        var granted = ledger.Grant([new WorkerId("a")], Now);

        Assert.Equal(4, granted.Where(grant => grant.Match.Job == idle.Id).Sum(grant => grant.Match.Count));
        Assert.Equal(1, granted.Where(grant => grant.Match.Job == busy.Id).Sum(grant => grant.Match.Count));
    }

    [Fact]
    public void Grant_HigherPriorityOfABusyOwner_GoesFirst()
    {
        var urgent = Job(JobPriority.High, ready: 10, owner: "anna", running: 3);
        ledger.Refresh([Job(JobPriority.Normal, ready: 10, age: TimeSpan.FromSeconds(9), owner: "ben"), urgent]);
        Report(Worker("a", slots: 8, free: 5), []);

        var granted = ledger.Grant([new WorkerId("a")], Now);

        Assert.Equal((urgent.Id, 5), (granted[0].Match.Job, granted.Sum(grant => grant.Match.Count)));
    }

    [Fact]
    public void Explain_SeveralCallers_SaysThatTheyTakeTurns()
    {
        var first = Job(JobPriority.Normal, ready: 1, age: TimeSpan.FromSeconds(9), owner: "anna");
        ledger.Refresh([first, Job(JobPriority.Normal, ready: 1, owner: "ben")]);
        Report(Worker("a", slots: 2, free: 0), []);

        Assert.Equal(
            "No job is ahead of it; 2 of 2 slots busy, for which 2 callers take turns.", ledger.Explain(first.Id, Now)!.Detail);
    }

    // What one owner's jobs ask for fits nowhere: the other's get all.
    [Fact]
    public void Grant_OwnerWhoseJobsFitNowhere_LeavesTheSlotsToOthers()
    {
        var large = Job(
            JobPriority.Normal, ready: 10, age: TimeSpan.FromSeconds(9),
            owner: "anna") with { Resources = new ResourceRequest { MemoryBytes = 1000 } };
        var small = Job(JobPriority.Normal, ready: 10, owner: "ben");
        ledger.Refresh([large, small]);
        Report(Worker("a", slots: 4), []);

        var granted = ledger.Grant([new WorkerId("a")], Now);

        Assert.Equal((small.Id, 4), (Assert.Single(granted).Match.Job, granted[0].Match.Count));
    }

    // The same is granted in all, whoever's the jobs are, and owners whose jobs want more have as many slots each, give or take
    // one.
    [Fact]
    public void Grant_ManyOwners_WastesNoSlotAndSharesEvenly() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 12].Array[1, 30], Gen.Int[1, 16]).Sample((owners, ready, slots) =>
        {
            var fair = new QueueLedger(Rise, Bounds);
            List<ActiveJob> all =
                [.. ready.Select((count, index) => Job(JobPriority.Normal, count, owner: $"owner {index % owners}"))];
            fair.Refresh(all);
            fair.Report(Worker("a", slots), 1, [], []);

            var granted = fair.Grant([new WorkerId("a")], Now).GroupBy(grant => fair.ById[grant.Match.Job].Owner!)
                .ToDictionary(group => group.Key, group => group.Sum(grant => grant.Match.Count));

            var wanted = all.GroupBy(job => job.Owner!)
                .ToDictionary(group => group.Key, group => group.Sum(job => job.Stages[0].Ready));
            Assert.Equal(Math.Min(slots, wanted.Values.Sum()), granted.Values.Sum());
            var unserved = wanted.Where(pair => granted.GetValueOrDefault(pair.Key) < pair.Value)
                .Select(pair => granted.GetValueOrDefault(pair.Key)).ToList();
            Assert.All(unserved,
                share =>
                Assert.True(share >= granted.Values.Max() - 1,
                    $"{share} of {slots} slots, where another has {granted.Values.Max()}."));
        });

    private void Report(WorkerSnapshot worker, IReadOnlyCollection<long> openGrants) =>
        ledger.Report(worker, ++reports, openGrants, []);

    private ActiveJob Job(JobPriority priority, int ready, TimeSpan age = default, string? owner = null, int running = 0) => new(
        JobId.Parse($"01JD{++jobs:0000000000000000000000}"), JobPhase.Running, priority, 1, Now - age,
        new ResourceRequest { MemoryBytes = 1 }, false, [], null,
        [new StageBacklog(0, ready, 0, running, null)])
    {
        Owner = owner,
    };

    private static WorkerSnapshot Worker(string name, int slots, int? free = null) =>
        new(new WorkerId(name), slots, 100, 0, free ?? slots, 100, 0, false, null);
}
