using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using static Orleans.Cluster.UnitTests.Jobs.JobSamples;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class PartitionSplitTests
{
    private static readonly SourceFile File = new() { Stamp = new FileStamp("/data/a.csv", 1000, Now), Splittable = true };

    [Fact]
    public void Halve_TextSlice_TakesTheRangesOfWholeRecords()
    {
        var work = new PartitionWork
        {
            Slices = [new FileSlice { File = File, Start = 100, End = 300, Rows = 20, FirstLine = 11 }], Bytes = 200,
        };

        var halves = PartitionSplit.Halve(work, [new AlignedRange(100, 210, 11, 11), new AlignedRange(210, 300, 9, 22)])!;

        Assert.Equal(
            [(100, 210, 11, 11), (210, 300, 9, 22)],
            halves.Select(half => half.Slices![0]).Select(s => ((int)s.Start, (int)s.End, (int)s.Rows!, (int)s.FirstLine)));
        Assert.Equal([110L, 90], halves.Select(half => half.Bytes));
    }

    [Fact]
    public void Halve_OneRecord_IsNotPossible() =>
        Assert.Null(PartitionSplit.Halve(new PartitionWork
        {
            Slices = [new FileSlice { File = File, End = 300 }],
        }, [new AlignedRange(0, 300, 1, 1)]));

    [Fact]
    public void Halve_ManySlices_KeepsEachOnceAndInOrder()
    {
        var slices = Enumerable.Range(1, 7).Select(i => new FileSlice { File = File, End = 10 * i }).ToList();

        var halves = PartitionSplit.Halve(new PartitionWork { Slices = slices, Bytes = 280 }, [])!;

        Assert.Equal(slices, halves.SelectMany(half => half.Slices!));
        Assert.All(halves, half => Assert.NotEmpty(half.Slices!));
    }

    [Fact]
    public void Halve_RowsAndTargets_CoverTheWhole()
    {
        var rows = PartitionSplit.Halve(new PartitionWork
        {
            Slices = [new FileSlice { File = File, Start = 5, End = 10, Unit = SliceUnit.Rows, Rows = 5 }],
        }, [])!;
        var targets = PartitionSplit.Halve(new PartitionWork { FirstTarget = 3, TargetCount = 5, Bytes = 50 }, [])!;

        Assert.Equal(
            [(5L, 7L, 2L), (7, 10, 3)],
            rows.Select(half => (half.Slices![0].Start, half.Slices[0].End, half.Slices[0].Rows!.Value)));
        Assert.Equal([(3, 2), (5, 3)], targets.Select(half => (half.FirstTarget, half.TargetCount)));
        Assert.Null(PartitionSplit.Halve(new PartitionWork { FirstTarget = 3 }, []));
    }

    [Fact]
    public void IsPossible_QueryOfItsPartitionsNumberOrInOrder_IsNot()
    {
        var stage = Plan.Stages[0] with { Inputs = [new StageInput("t", "t", null, InputMode.Partition)] };

        Assert.True(PartitionSplit.IsPossible(stage, Partition(0)));
        Assert.False(PartitionSplit.IsPossible(stage with { Query = "SELECT __partition() AS part FROM t" }, Partition(0)));
        Assert.False(PartitionSplit.IsPossible(stage with { IsWhole = true }, Partition(0)));
    }

    [Fact]
    public void Apply_OutOfMemoryThatCanBeHalved_SplitsInsteadOfTryingAgain()
    {
        var failed = Partition(1, failure: FailureKind.OutOfMemory, faults: 1);
        PartitionWork[] halves = [new() { Bytes = 60 }, new() { Bytes = 40 }];
        var facts = new JobFacts
        {
            Now = Now, Plan = Plan, Tallies = [Tally(0, 3, committed: 2, failed: 1) with { Split = 4 }], Failed = [failed],
            Halves = new Dictionary<TaskId, IReadOnlyList<PartitionWork>> { [failed.Task] = halves },
        };

        var decision = JobTransitions.Apply(Running(), new Observed(facts), Spec);

        Assert.Equal(
            [new PartitionChange(failed.Task, 1, PartitionState.Failed, PartitionState.Split, null)], decision.PartitionChanges);
        Assert.Equal(
            [("1.0", 7, 60L), ("1.1", 8, 40)],
            decision.Children.Select(child => (child.Order, child.Task.Partition, child.Work.Bytes)));
        Assert.Contains("split", Assert.Single(decision.State.Notes), StringComparison.Ordinal);
    }
}
