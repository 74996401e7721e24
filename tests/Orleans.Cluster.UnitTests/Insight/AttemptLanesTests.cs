using CsCheck;
using Orleans.Cluster.Planning.Insight;
using Orleans.Cluster.Planning.Jobs;
using static Orleans.Cluster.UnitTests.Insight.InsightFacts;

namespace Orleans.Cluster.UnitTests.Insight;

public sealed class AttemptLanesTests
{
    [Fact]
    public void Place_AttemptsThatOverlap_TakeRowsOfTheirOwn()
    {
        AttemptRecord[] attempts = [Attempt(0, 0, 4), Attempt(1, 1, 3), Attempt(2, 3, 5), Attempt(3, 0, null, "worker-2")];

        var timeline = AttemptLanes.Place(attempts, Start.AddSeconds(10));

        Assert.False(timeline.Merged);
        Assert.Equal(
            [(0, "worker-1", 0), (3, "worker-2", 0), (1, "worker-1", 1), (2, "worker-1", 1)],
            timeline.Bars.Select(bar => (bar.Partition, bar.Worker.Value, bar.Slot)));
    }

    // Whatever ran: bars of one row never overlap, no attempt is lost, and the bound holds as long as it allows a bar for each
    // row.
    [Fact]
    public void Place_AnyAttempts_RowsDoNotOverlapAndNothingIsLost()
    {
        var attempt = Gen.Select(Gen.Int[0, 1000], Gen.Int[1, 50], Gen.Int[0, 2], Gen.Int[0, 3]);
        Gen.Select(attempt.List[1, 200], Gen.Int[60, 250]).Sample((drawn, max) =>
        {
            var attempts = drawn.Select((each, index) => Attempt(
                index, each.Item1, each.Item1 + each.Item2, $"worker-{each.Item3}", each.Item4 == 0
                ? AttemptState.Failed
                : AttemptState.Committed)).ToList();

            var timeline = AttemptLanes.Place(attempts, Start.AddSeconds(5000), max);

            Assert.Equal(attempts.Count, timeline.Bars.Sum(bar => bar.Count));
            Assert.Equal(attempts.Count > max, timeline.Merged);
            foreach (var row in timeline.Bars.GroupBy(bar => (bar.Worker, bar.Slot)))
            {
                Assert.All(row.Zip(row.Skip(1)), pair => Assert.True(pair.First.EndedAt <= pair.Second.StartedAt));
            }
        }, iter: 300, seed: "0000KOIPe036");
    }

    [Fact]
    public void Place_MoreThanTheBound_MergesNeighboursOfOneState()
    {
        var attempts = Enumerable.Range(0, 1000)
            .Select(n => Attempt(n, n, n + 0.9, state: n == 500 ? AttemptState.Failed : AttemptState.Committed));

        var timeline = AttemptLanes.Place(attempts, Start.AddSeconds(2000), maxBars: 10);

        Assert.True(timeline.Merged);
        Assert.Equal(
            [("COMMITTED", 500), ("FAILED", 1), ("COMMITTED", 499)], timeline.Bars.Select(bar => (bar.State, bar.Count)));
    }
}
