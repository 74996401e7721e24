using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.UnitTests.Scaling;

public sealed class ReplicaPolicyTests
{
    [Fact]
    public void Missing_OrderedWithAHole_NamesTheHole()
    {
        var set = Ordered(4, 0, 1, 3);

        Assert.Equal([new ReplicaMember("unscheduled-2", 2, false)], ReplicaPolicy.Missing(set));
    }

    [Fact]
    public void Missing_UnorderedWithOneThatEnds_CountsItAsMissing()
    {
        var set = new ReplicaSet(3, IsOrdered: false, [new("a", null, false), new("b", null, true)]);

        Assert.Equal(["unscheduled-1", "unscheduled-2"], ReplicaPolicy.Missing(set).Select(member => member.Id));
    }

    [Fact]
    public void Grow_ControllerHasNotEndedAllYet_CountsThoseThatAreThere()
    {
        Assert.Equal(5, ReplicaPolicy.Grow(Unordered(2, "a", "b", "c"), 2));
        Assert.Equal(6, ReplicaPolicy.Grow(Unordered(4, "a"), 2));
        Assert.Equal(6, ReplicaPolicy.Grow(Ordered(4, 0), 2));
    }

    [Fact]
    public void Shrink_Unordered_IsWithoutThoseThatLeave()
    {
        Assert.Equal(2, ReplicaPolicy.Shrink(Unordered(3, "a", "b", "c"), ["b"]));
        Assert.Equal(3, ReplicaPolicy.Shrink(Unordered(3, "a", "b", "c"), ["x"]));
        Assert.Equal(1, ReplicaPolicy.Shrink(Unordered(3, "a"), ["unscheduled-1", "unscheduled-2"]));
    }

    [Fact]
    public void Shrink_AskedAgainBeforeTheControllerHasActed_IsTheSame()
    {
        Assert.Equal(2, ReplicaPolicy.Shrink(Unordered(2, "a", "b", "c"), ["b"]));
        Assert.Equal(2, ReplicaPolicy.Shrink(Ordered(2, 0, 1, 2), ["2"]));
    }

    [Fact]
    public void Shrink_Ordered_EndsAtTheFirstThatStays()
    {
        Assert.Equal(3, ReplicaPolicy.Shrink(Ordered(5, 0, 1, 2, 3, 4), ["4", "3", "1"]));
        Assert.Equal(5, ReplicaPolicy.Shrink(Ordered(5, 0, 1, 2, 3, 4), ["3"]));
        Assert.Equal(3, ReplicaPolicy.Shrink(Ordered(5, 0, 1, 2, 4), ["4", "unscheduled-3"]));
        Assert.Equal(0, ReplicaPolicy.Shrink(Ordered(2, 0, 1), ["0", "1"]));
    }

    [Fact]
    public void IsEnding_BehindTheEndOfAnOrderedSet_IsSaidBeforeTheControllerDoesIt()
    {
        var set = Ordered(2, 0, 1, 2);

        Assert.Equal([false, false, true], set.Members.Select(member => ReplicaPolicy.IsEnding(set, member)));
    }

    private static ReplicaSet Ordered(int size, params int[] ordinals) =>
        new(size, true, [.. ordinals.Select(ordinal => new ReplicaMember($"{ordinal}", ordinal, false))]);

    private static ReplicaSet Unordered(int size, params string[] ids) =>
        new(size, false, [.. ids.Select(id => new ReplicaMember(id, null, false))]);
}
