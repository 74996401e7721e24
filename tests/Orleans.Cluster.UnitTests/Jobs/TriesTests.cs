using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.UnitTests.Jobs;

/// <summary>How often planning and publishing are tried again.</summary>
public sealed class TriesTests
{
    [Fact]
    public void TryAgainAfter_TheEngineDiesEachTime_PausesLongerAndThenGivesUp()
    {
        var tries = new PlanningTries();

        TimeSpan?[] pauses = [.. Enumerable.Range(0, 3).Select(_ => tries.TryAgainAfter(ProblemCode.ExecutorCrashed))];

        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), null], pauses);
    }

    [Fact]
    public void TryAgainAfter_ARefusalOfTheData_GivesUpAtOnceAndCountsNothing()
    {
        var tries = new PlanningTries();

        Assert.Null(tries.TryAgainAfter(ProblemCode.JobNotFound));
        Assert.NotNull(tries.TryAgainAfter(ProblemCode.Internal));
    }

    [Fact]
    public void GiveUpOnTrouble_TheDiskRefuses_IsAfterItsPatience()
    {
        var tries = new PublishingTries();
        var begin = TimeSpan.FromHours(5);

        Assert.Null(tries.GiveUpOnTrouble(begin));
        Assert.Null(tries.GiveUpOnTrouble(begin + PublishingTries.Patience - TimeSpan.FromTicks(1)));
        Assert.Equal("for 10 minutes", tries.GiveUpOnTrouble(begin + PublishingTries.Patience));
    }

    [Fact]
    public void GiveUpOnTrouble_ItWasWellMeanwhile_CountsFromTheNewTrouble()
    {
        var tries = new PublishingTries();
        tries.GiveUpOnTrouble(TimeSpan.Zero);
        tries.Succeeded();

        Assert.Null(tries.GiveUpOnTrouble(PublishingTries.Patience));
    }

    [Fact]
    public void GiveUpOnSurprise_TheThirdTime_IsInThreeTries()
    {
        var tries = new PublishingTries();

        string?[] words = [.. Enumerable.Range(0, 3).Select(_ => tries.GiveUpOnSurprise())];

        Assert.Equal([null, null, "in 3 tries"], words);
    }
}
