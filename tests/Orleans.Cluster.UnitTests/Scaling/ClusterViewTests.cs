using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;
using static Orleans.Cluster.UnitTests.Scaling.ScalingSamples;

namespace Orleans.Cluster.UnitTests.Scaling;

public sealed class ClusterViewTests
{
    [Fact]
    public void Compose_AsManyAsWanted_IsRunning()
    {
        ScaleInstance[] instances = [Instance(1), Instance(2)];

        var status = ClusterView.Compose(Desired(2), Seen(instances), [.. instances.Select(one => WorkerOf(one))]);

        Assert.Equal(
            (ClusterState.Running, 2, 2, null), (status.State, status.DesiredWorkers, status.ActiveWorkers, status.Detail));
    }

    [Fact]
    public void Compose_StartedAndNotYetReporting_IsJoining()
    {
        ScaleInstance[] instances = [Instance(1), Instance(2, ageSeconds: 1)];

        var status = ClusterView.Compose(Desired(2), Seen(instances), [WorkerOf(instances[0])]);

        Assert.Equal(ClusterState.Starting, status.State);
        Assert.Equal([WorkerState.Active, WorkerState.Joining], status.Workers.Select(worker => worker.State));
    }

    [Fact]
    public void Compose_KilledAndForgottenByTheQueue_IsListedAsDeadWithItsEnd()
    {
        var chronicle = new WorkerChronicle();
        chronicle.Note([WorkerOf(Instance(1))], [Instance(1)], Now);
        ScaleInstance[] instances = [Ended(1, 99, 1)];
        chronicle.Note([], instances, Now);

        var status = ClusterView.Compose(Desired(1), Seen(instances) with { Departed = chronicle.Departed }, []);

        var dead = Assert.Single(status.Workers);
        Assert.Equal((WorkerState.Dead, "It died: process 1 ended with code 1."), (dead.State, dead.Reason));
    }

    [Fact]
    public void Departed_AfterAnHour_IsForgotten()
    {
        var chronicle = new WorkerChronicle();
        chronicle.Note([WorkerOf(Instance(1), state: WorkerState.Dead)], [], Now);

        chronicle.Note([], [], Now.AddMinutes(59));
        Assert.Single(chronicle.Departed);
        chronicle.Note([], [], Now.AddMinutes(61));
        Assert.Empty(chronicle.Departed);
    }

    [Fact]
    public void Compose_Stopped_IsStoppingWhileWorkersAreThere()
    {
        var desired = Desired(2).Stop(atOnce: false, Now);
        ScaleInstance[] instances = [Instance(1)];
        var observed = Seen(instances) with { Leaving = ["1"] };

        var stopping = ClusterView.Compose(desired, observed, [WorkerOf(instances[0], busy: 1)]);
        var stopped = ClusterView.Compose(desired, Seen([Ended(1, 99, 1, wasRequested: true)]), []);

        Assert.Equal((ClusterState.Stopping, WorkerState.Draining), (stopping.State, stopping.Workers[0].State));
        Assert.Equal((ClusterState.Stopped, 0), (stopped.State, stopped.DesiredWorkers));
        Assert.Equal("Stopped on request; cluster/start brings 2 workers back.", stopped.Detail);
    }

    [Fact]
    public void Compose_WorkersKeepEnding_IsDegradedAndSaysWhy()
    {
        var observed = Seen(
            []) with { Pause = new RestartPause(Now.AddSeconds(8), 16, "process 7 ended with code 1 after 0.1 s: no disk") };

        var status = ClusterView.Compose(Desired(4), observed, []);

        Assert.Equal(ClusterState.Degraded, status.State);
        Assert.Equal(
            "Workers keep ending (16 in a row); the next start is at 12:00:08Z. Last: process 7 ended with code 1 after 0.1 s: "
            + "no disk", status.Detail);
    }

    [Fact]
    public void Compose_WorkersRunByHand_WantsThoseThatAreThere()
    {
        var observed = new ObservedScale { Target = "fixed", CanScale = false };

        var status = ClusterView.Compose(Desired(4), observed, [WorkerOf(Instance(1))]);

        Assert.Equal((ClusterState.Running, 1), (status.State, status.DesiredWorkers));
    }

    private static ObservedScale Seen(IReadOnlyList<ScaleInstance> instances) => new()
    {
        Target = "local-processes", CanScale = true, Instances = instances,
    };
}
