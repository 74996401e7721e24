using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.UnitTests.Execution;

public sealed class CallerShareTests
{
    [Fact]
    public void TryTake_ACallerHoldsAllThatItMay_RefusesItUntilItGivesSomeBack()
    {
        var share = new CallerShare(most: 2);
        var first = share.TryTake("eve");
        using var second = share.TryTake("eve");

        var refused = share.TryTake("eve");
        using var other = share.TryTake("ann");
        first!.Dispose();
        first.Dispose();
        using var again = share.TryTake("eve");

        Assert.Equal((null, true, true), (refused, other is not null, again is not null));
        Assert.Null(share.TryTake("eve"));
    }

    [Fact]
    public void TryTake_CallersHaveNoNames_HasNoBound()
    {
        var share = new CallerShare(most: 1);

        Assert.All(Enumerable.Range(0, 5), _ => Assert.NotNull(share.TryTake(null)));
    }
}
