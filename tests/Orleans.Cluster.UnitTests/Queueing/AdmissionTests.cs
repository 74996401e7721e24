using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.UnitTests.Queueing;

public sealed class AdmissionTests
{
    private static readonly ClusterReach Six = new(6, new WorkerShape(1, 100));

    [Theory]
    [InlineData(1, 100, 0, true)]
    [InlineData(3, 1, 0, false)]
    [InlineData(1, 500, 0, false)]
    [InlineData(1, 1, 1, false)]
    [InlineData(2, 200, 0, true)]
    public void RefuseTask_ASize_OnlyWhenNoWorkerHoldsIt(int cpu, long memory, int gpu, bool accepted)
    {
        var refusal = Admission.RefuseTask(Request(cpu, memory, gpu), [Worker("small", 1, 100), Worker("large", 2, 200)], null);

        Assert.Equal(accepted, refusal is null);
        Assert.True(accepted
            || refusal!.Message.Contains(
                "the largest worker, large, has 2 slots, 200 bytes and 0 GPUs", StringComparison.Ordinal), refusal?.Message);
    }

    [Fact]
    public void RefuseTask_WorkersThatAreStillToStart_CountWithTheirShape()
    {
        var reach = new ClusterReach(1, new WorkerShape(4, 400));

        Assert.Null(Admission.RefuseTask(Request(4, 400), [Worker("small", 1, 100)], reach));
        Assert.Null(Admission.RefuseTask(Request(4, 400, gpu: 2), [], reach));
        Assert.NotNull(Admission.RefuseTask(Request(5, 400), [], reach));
    }

    [Fact]
    public void RefuseTask_DeadWorkers_DoNotCount() =>
        Assert.Null(Admission.RefuseTask(Request(9, 9), [Worker("dead", 1, 1) with { State = WorkerState.Dead }], null));

    [Theory]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public void RefuseGang_WorkersByHand_ByWhatThereIs(int width, bool accepted)
    {
        var refusal = Admission.RefuseGang(width, Request(1, 100), [Worker("a", 1, 100), Worker("b", 2, 200)], null);

        Assert.Equal(accepted, refusal is null);
        Assert.True(accepted || refusal!.Message.Contains("The gang has 4 tasks", StringComparison.Ordinal), refusal?.Message);
    }

    [Theory]
    [InlineData(6, 1, true)]
    [InlineData(7, 1, false)]
    [InlineData(1, 2, false)]
    public void RefuseGang_ClusterThatMayGrow_ByTheMostThatItMayHave(int width, int cpu, bool accepted)
    {
        var refusal = Admission.RefuseGang(width, Request(cpu, 100), [Worker("a", 1, 100)], Six);

        Assert.Equal(accepted, refusal is null);
        Assert.True(accepted
            || refusal!.Message.Contains("at most 6 workers with 1 slots", StringComparison.Ordinal), refusal?.Message);
    }

    [Fact]
    public void RefuseGang_NothingKnown_IsNoReasonToRefuse() => Assert.Null(Admission.RefuseGang(1000, Request(1, 1), [], null));

    [Fact]
    public void RefuseGang_MoreWorkersThanAskedFor_CountWhileTheyLive() =>
        Assert.Null(Admission.RefuseGang(
            2, Request(1, 100), [Worker("a", 1, 100), Worker("b", 1, 100)], new ClusterReach(1, new WorkerShape(1, 100))));

    private static ResourceRequest Request(int cpu, long memory, int gpu = 0) =>
        new() { Cpu = cpu, MemoryBytes = memory, Gpu = gpu };

    private static WorkerStatus Worker(string id, int slots, long memory) => new()
    {
        Id = new WorkerId(id), Address = "", State = WorkerState.Active, Slots = slots, Memory = new WorkerMemory(memory, 0, 0),
    };
}
