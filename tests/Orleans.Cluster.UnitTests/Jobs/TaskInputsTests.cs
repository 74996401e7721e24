using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using static Orleans.Cluster.UnitTests.Jobs.JobSamples;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class TaskInputsTests
{
    private static readonly JobPlan OneToOne = Plan with
    {
        Stages = [Plan.Stages[0], Plan.Stages[1] with { Inputs = [new StageInput("partial", null, 0, InputMode.Partition)] }],
    };

    [Fact]
    public void Resolve_ProducerThatWasSplitAfterTheStageOpened_ReadsItsChildrenInItsPlace()
    {
        var parent = Committed(1) with { State = PartitionState.Split, Manifest = null };
        PartitionRecord[] producers =
            [Committed(0, (0, 10)), parent, Committed(3, (0, 30)) with
            {
                Order = "1.0",
            }, Committed(4, (0, 40)) with { Order = "1.1" }, Committed(2, (0, 20))];

        var (inputs, missing) = TaskInputs.Resolve(
            OneToOne, Partition(1) with { Task = new TaskId(Id, 1, 1), Work = new PartitionWork { UpstreamPartition = 1 } },
            new Dictionary<int, IReadOnlyList<PartitionRecord>> { [0] = producers }, folder => folder);

        Assert.Null(missing);
        Assert.Equal([30, 40], Assert.Single(inputs!).Exchange!.Files.Select(file => file.Bytes));
    }

    [Fact]
    public void Resolve_ProducerThatRunsAgain_SaysWhichIsMissing()
    {
        var (inputs, missing) = TaskInputs.Resolve(
            OneToOne, Partition(0) with { Task = new TaskId(Id, 1, 0), Work = new PartitionWork { UpstreamPartition = 0 } },
            new Dictionary<int, IReadOnlyList<PartitionRecord>> { [0] = [Partition(0)] }, folder => folder);

        Assert.Null(inputs);
        Assert.Equal(new TaskId(Id, 0, 0), missing);
    }
}
