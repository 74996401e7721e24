using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class RefusalBudgetTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly RefusalBudget budget = new();

    [Fact]
    public void TakeRefusal_ManyOfOneCaller_AreCountedAndTheNextEntrySaysHowMany()
    {
        var written = Enumerable.Range(0, 1000).Count(_ => budget.TakeRefusal("key:eve", Now).IsWritten);
        var other = budget.TakeRefusal("key:ann", Now);
        var later = budget.TakeRefusal("key:eve", Now + RefusalBudget.Window);

        Assert.Equal(RefusalBudget.PerWindow, written);
        Assert.Equal((true, 0), other);
        Assert.Equal((true, 1000 - RefusalBudget.PerWindow), later);
    }
}
