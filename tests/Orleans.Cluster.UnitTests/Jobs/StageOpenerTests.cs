using Orleans.Cluster.Planning.Jobs;
using static Orleans.Cluster.UnitTests.Jobs.JobSamples;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class StageOpenerTests
{
    private const long Large = StageOpener.CoalesceBytes;

    [Fact]
    public void Open_Scan_HasOnePartitionForEachOfTheDataset()
    {
        var opened = StageOpener.Open(Id, epoch: 2, Plan, 0, new Dictionary<int, IReadOnlyList<PartitionRecord>>());

        Assert.Equal([0, 1, 2], opened.Select(partition => partition.Task.Partition));
        Assert.All(opened,
            partition =>
            Assert.Equal((2, PartitionState.Waiting, 100L), (partition.Epoch, partition.State, partition.Work.Bytes)));
    }

    [Fact]
    public void Open_SmallTargets_AreJoinedIntoOneTask()
    {
        var opened = StageOpener.Open(Id, 1, Plan, 1, Upstream(Committed(0, (0, 5), (1, 6)), Committed(1, (1, 7))));

        var work = Assert.Single(opened).Work;
        Assert.Equal((0, 2, 18L, 30L), (work.FirstTarget, work.TargetCount, work.Bytes, work.EstimatedRows));
    }

    [Fact]
    public void Open_TargetsBelowTheLeastBytes_AreJoinedIntoEvenShares()
    {
        var exchange = Plan.Stages[0] with { Output = Plan.Stages[0].Output with { Targets = 8 } };
        var sizes = Enumerable.Range(0, 8).Select(target => (target, (Large / 4) + (target % 2 == 0 ? 9_000 : 0))).ToArray();

        var opened = StageOpener.Open(Id, 1, Plan with { Stages = [exchange, Plan.Stages[1]] }, 1, Upstream(Committed(0, sizes)));

        Assert.Equal([(0, 4), (4, 4)], opened.Select(partition => (partition.Work.FirstTarget, partition.Work.TargetCount)));
    }

    [Fact]
    public void Open_LargeTargets_StayApart()
    {
        var opened = StageOpener.Open(Id, 1, Plan, 1, Upstream(Committed(0, (0, Large), (1, Large))));

        Assert.Equal([(0, 1), (1, 1)], opened.Select(partition => (partition.Work.FirstTarget, partition.Work.TargetCount)));
    }

    [Fact]
    public void Open_OneTargetWithMostRows_IsSharedOutByItsProducersWhileOthersStayWhole()
    {
        var plan = Plan with
        {
            Stages = [Plan.Stages[0], Plan.Stages[1] with { Inputs = [Plan.Stages[1].Inputs[0] with { MaySplit = true }] }],
        };

        var opened = StageOpener.Open(
            Id, 1, plan, 1,
            Upstream(Committed(0, (0, 3 * Large), (1, Large)), Committed(1, (0, 3 * Large), (1, Large)),
                Committed(2, (0, 3 * Large))));

        Assert.Equal(
            [(0, "partial", "0"), (0, "partial", "1"), (0, "partial", "2"), (1, null, "")],
            opened.Select(partition =>
                (partition.Work.FirstTarget, partition.Work.SharedInput, string.Join(',', partition.Work.SharedPartitions))));
        Assert.Equal(11 * Large, opened.Sum(partition => partition.Work.Bytes));
    }

    [Fact]
    public void Open_OneTargetWithMostRowsThatMustStayTogether_IsOneTask()
    {
        var opened = StageOpener.Open(
            Id, 1, Plan, 1, Upstream(Committed(0, (0, 9 * Large), (1, Large)), Committed(1, (0, 9 * Large))));

        Assert.Equal([0, 1], opened.Select(partition => partition.Work.FirstTarget));
    }

    [Fact]
    public void Resolve_SharedTarget_ReadsItsPartOfOneInputAndAllOfOthers()
    {
        var work = new PartitionWork { FirstTarget = 0, SharedInput = "partial", SharedPartitions = [1] };
        var partition = Partition(0) with { Task = new(Id, 1, 0), Work = work };
        var inputs = Plan.Stages[1].Inputs.Append(Plan.Stages[1].Inputs[0] with { Name = "other" });
        var plan = Plan with { Stages = [Plan.Stages[0], Plan.Stages[1] with { Inputs = [.. inputs] }] };

        var (resolved, _) = TaskInputs.Resolve(
            plan, partition, Upstream(Committed(0, (0, 5)), Committed(1, (0, 7))), folder => folder);

        Assert.Equal([1, 2], resolved!.Select(input => input.Exchange!.Files.Count));
    }

    [Fact]
    public void Open_NothingCommittedUpstream_RunsOnceOverEmptyTables()
    {
        var opened = StageOpener.Open(Id, 1, Plan, 1, Upstream(Committed(0)));

        Assert.Equal((0, 2), Assert.Single(opened.Select(partition => (partition.Work.FirstTarget, partition.Work.TargetCount))));
    }

    [Fact]
    public void Resolve_TargetInput_ReadsEachProducersFilesOfThoseTargetsInOrder()
    {
        var partition = Partition(0) with { Task = new(Id, 1, 0), Work = new PartitionWork { FirstTarget = 1, TargetCount = 1 } };

        var (inputs, missing) = TaskInputs.Resolve(
            Plan, partition, Upstream(Committed(0, (0, 5), (1, 6)), Committed(1, (1, 7))), folder => $"/store/{folder}");

        Assert.Null(missing);
        var files = Assert.Single(inputs!).Exchange!.Files;
        Assert.Equal([$"/store/{Id}/0/0/1/1.parquet", $"/store/{Id}/0/1/1/1.parquet"], files.Select(file => file.Path));
    }

    [Fact]
    public void Resolve_ProducerNotCommitted_NamesIt()
    {
        var partition = Partition(0) with { Task = new(Id, 1, 0) };

        var (inputs, missing) = TaskInputs.Resolve(
            Plan, partition, Upstream(Committed(0, (0, 5)), Partition(1)), folder => folder);

        Assert.Null(inputs);
        Assert.Equal(1, missing!.Value.Partition);
    }

    private static Dictionary<int, IReadOnlyList<PartitionRecord>> Upstream(params PartitionRecord[] partitions) =>
        new() { [0] = partitions };
}
