using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;
using static Orleans.Cluster.UnitTests.Scaling.ScalingSamples;

namespace Orleans.Cluster.UnitTests.Scaling;

public sealed class WorkerChronicleTests
{
    [Fact]
    public void Restore_DeadOfAnotherGateway_AreListedWithTheirReasons()
    {
        var first = new WorkerChronicle();
        first.Note([WorkerOf(Instance(1)), WorkerOf(Instance(2))], [Instance(1), Instance(2)], Now);
        first.Note([WorkerOf(Instance(2))], [Ended(1, 99, 1), Instance(2)], Now);
        var stored = first.Unsaved;
        var second = new WorkerChronicle();

        second.Restore(stored, Now.AddSeconds(10));
        second.Note([WorkerOf(Instance(2))], [], Now.AddSeconds(10));

        Assert.Equal("It died: process 1 ended with code 1.", Assert.Single(second.Departed).Reason);
        Assert.Empty(second.Unsaved);
    }

    [Fact]
    public void Note_OneThatWasAliveWhenItsGatewayEnded_IsBuriedAfterAMinuteOfSilence()
    {
        var chronicle = new WorkerChronicle();
        chronicle.Restore([WorkerOf(Instance(1), busy: 1)], Now.AddMinutes(5));

        chronicle.Note([], [], Now.AddMinutes(6));
        var before = chronicle.Departed;
        chronicle.Note([], [], Now.AddMinutes(6).AddSeconds(1));

        Assert.Empty(before);
        var dead = Assert.Single(chronicle.Departed);
        Assert.Equal(
            (WorkerState.Dead, 0, "It was not heard of after 12:00:00Z; nobody saw it end."),
            (dead.State, dead.Busy, dead.Reason));
        Assert.Equal([dead], chronicle.Unsaved);
    }

    [Fact]
    public void Unsaved_LivingWorker_IsNewOnceAndThenEachMinute()
    {
        var chronicle = new WorkerChronicle();
        var worker = WorkerOf(Instance(1));
        chronicle.Note([worker], [], Now);
        Assert.Equal([worker], chronicle.Unsaved);
        chronicle.Save(chronicle.Unsaved);

        chronicle.Note([worker with { LastSeen = Now.AddSeconds(59), Busy = 1 }], [], Now.AddSeconds(59));
        Assert.Empty(chronicle.Unsaved);

        chronicle.Note([worker with { LastSeen = Now.AddSeconds(60) }], [], Now.AddSeconds(60));
        Assert.Single(chronicle.Unsaved);
    }

    [Fact]
    public void Restore_KnownHereWithoutItsEnd_TakesTheStoredReason()
    {
        var chronicle = new WorkerChronicle();
        var dead = WorkerOf(Instance(1), state: WorkerState.Dead) with { Reason = "Its silo has left the cluster." };
        chronicle.Note([dead], [], Now);

        chronicle.Restore([dead with { Reason = "It died: process 1 ended with code 137." }], Now);

        Assert.Equal("It died: process 1 ended with code 137.", Assert.Single(chronicle.Departed).Reason);
    }

    [Fact]
    public void Departed_MoreThanAreKept_LosesTheOldest()
    {
        var chronicle = new WorkerChronicle();
        for (var n = 1; n <= 300; n++)
        {
            chronicle.Note([WorkerOf(Instance(n), state: WorkerState.Dead)], [], Now);
        }

        Assert.Equal(128, chronicle.Departed.Count);
        Assert.Equal(128, chronicle.Unsaved.Count);
    }
}
