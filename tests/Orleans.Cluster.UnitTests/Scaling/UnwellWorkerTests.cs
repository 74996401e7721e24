using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Planning.Scaling;
using static Orleans.Cluster.UnitTests.Scaling.ScalingSamples;

namespace Orleans.Cluster.UnitTests.Scaling;

/// <summary>Workers that live and get nothing.</summary>
public sealed class UnwellWorkerTests
{
    [Fact]
    public void Compose_AllThereAndOneUnwell_IsDegradedAndSaysWhy()
    {
        ScaleInstance[] instances = [Instance(1), Instance(2)];
        var unwell = WorkerOf(instances[1], state: WorkerState.Unwell) with { Reason = "It has not reported for 7 s." };

        var status = ClusterView.Compose(
            Desired(2), new ObservedScale
            {
                Target = "local-processes", CanScale = true, Instances = instances,
            }, [WorkerOf(instances[0]), unwell]);

        Assert.Equal((ClusterState.Degraded, 1), (status.State, status.ActiveWorkers));
        Assert.Equal("w-2 gets nothing for now: It has not reported for 7 s.", status.Detail);
    }

    [Fact]
    public void Compose_OneUnwellAndOneOnItsWay_IsStarting()
    {
        ScaleInstance[] instances = [Instance(1), Instance(2), Instance(3, ageSeconds: 1)];

        var status = ClusterView.Compose(
            Desired(3), new ObservedScale { Target = "local-processes", CanScale = true, Instances = instances },
            [WorkerOf(instances[0]), WorkerOf(instances[1], state: WorkerState.Unwell)]);

        Assert.Equal(ClusterState.Starting, status.State);
    }

    [Fact]
    public void Grant_SuspendedWorker_GetsNothingUntilItReportsAgain()
    {
        var ledger = new QueueLedger(
            TimeSpan.FromMinutes(1),
            new GangBounds(
                Turn: TimeSpan.FromSeconds(30), Confirmation: TimeSpan.FromSeconds(10), Replacement: TimeSpan.FromSeconds(20)));
        var worker = new WorkerSnapshot(new WorkerId("w"), 1, 1 << 30, 0, 1, 1 << 30, 0, Draining: false, Unwell: null);
        ledger.Refresh([Job()]);
        ledger.Report(worker, 1, [], []);
        ledger.Suspend(worker.Id, "It has not reported for 7 s.");

        var silent = ledger.Grant([worker.Id], Now);
        var reason = ledger.Explain(ledger.Jobs.Single().Id, Now);
        ledger.Report(worker, 2, [], []);
        var again = ledger.Grant([worker.Id], Now);

        Assert.Empty(silent);
        Assert.Equal(new JobReason(ReasonCode.NoWorkers, "No worker can take tasks: It has not reported for 7 s."), reason);
        Assert.Single(again);
    }

    [Fact]
    public void Describe_NoteOfTheTarget_IsTheReasonWhileAWorkerJoins()
    {
        ScaleInstance[] instances = [Instance(1, ageSeconds: 1) with { Note = "Unschedulable: 0/3 nodes are available." }];

        var status = ClusterView.Compose(
            Desired(1), new ObservedScale { Target = "kubernetes", CanScale = true, Instances = instances }, []);

        Assert.Equal(
            (WorkerState.Joining, "Unschedulable: 0/3 nodes are available."),
            (status.Workers[0].State, status.Workers[0].Reason));
    }

    [Fact]
    public void Describe_ContainerThatWaitsToStartAgain_IsJoiningBesideItsDeadWorkerAndNoGhost()
    {
        var instance = Instance(1) with { Note = "CrashLoopBackOff: back-off 40s" };
        var dead = WorkerOf(instance, state: WorkerState.Dead) with { LastSeen = Now.AddMinutes(-2) };

        var status = ClusterView.Compose(
            Desired(1), new ObservedScale { Target = "kubernetes", CanScale = true, Instances = [instance] }, [dead]);
        var plan = ReconcilePolicy.Plan(Desired(1), View([instance], [dead]));

        Assert.Equal([WorkerState.Joining, WorkerState.Dead], status.Workers.Select(worker => worker.State));
        Assert.Empty(plan.Kill);
    }

    private static ActiveJob Job() => new(
        JobId.New(), JobPhase.Running, JobPriority.Normal, 1, Now, new ResourceRequest { MemoryBytes = 1 }, false, [], null,
        [new StageBacklog(0, 1, 0, 0, null)]);
}
