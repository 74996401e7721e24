using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.UnitTests.Scaling;

/// <summary>
/// The autoscaler over simulated loads: workers that take a while to start, partitions that arrive and are worked off.
/// </summary>
public sealed class ScalingPolicyTests
{
    private static readonly ScalingBounds Bounds = new(1, 6);
    private static readonly ScalingRules Rules = new(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(3));

    /// <summary>
    /// A load: partitions that arrive in each second, how long each takes, and the seconds in which the load changes.
    /// </summary>
    public sealed record Trace(string Name, double PartitionSeconds, int[] Steps, Func<int, double> ArrivalsAt)
    {
        public override string ToString() => Name;
    }

    public static TheoryData<Trace> Traces() =>
    [
        new Trace("idle", 1, [], _ => 0),
        new Trace("one pile of 200", 1, [10], second => second == 10 ? 200 : 0),
        new Trace("one pile of short ones", 0.2, [10], second => second == 10 ? 200 : 0),
        new Trace("one pile of long ones", 20, [10], second => second == 10 ? 60 : 0),
        new Trace("a step up to a steady load", 2, [10], second => second >= 10 ? 1.5 : 0),
        new Trace("a step up and down again", 2, [10, 300], second => second is >= 10 and < 300 ? 2 : 0),
        new Trace("two plateaus", 2, [10, 300], second => second switch { < 10 => 0, < 300 => 1, _ => 2 }),
        new Trace("falling in stairs", 2, [0, 200, 400], second => second switch { < 200 => 2.5, < 400 => 1.5, _ => 0.4 }),
        new Trace("a burst shorter than a start", 0.5, [50], second => second == 50 ? 3 : 0),
        new Trace("more than the bounds can take", 5, [10, 100], second => second is >= 10 and < 100 ? 4 : 0),
        new Trace("a pile each five minutes", 1, [10, 310, 610], second => second is 10 or 310 or 610 ? 150 : 0),
        new Trace("a trickle", 1, [0], second => second % 7 == 0 ? 1 : 0),
        new Trace("a steady load that comes in fives", 2, [0], second => second % 5 == 0 ? 5 : 0),
        new Trace("a steady load with noise", 2, [0], second => new Random(second).Next(0, 3)),
    ];

    [Theory]
    [MemberData(nameof(Traces))]
    public void Decide_SyntheticLoad_ReversesAtMostOncePerStep(Trace trace)
    {
        var sizes = Simulate(trace, seconds: 900);

        Assert.All(sizes, size => Assert.InRange(size, Bounds.MinWorkers, Bounds.MaxWorkers));
        int[] borders = [0, .. trace.Steps, sizes.Count];
        Assert.All(borders.Zip(borders.Skip(1)), part => Assert.True(
            Reversals(sizes[part.First..part.Second]) <= 1,
            $"{trace.Name}, [{part.First}, {part.Second}): {string.Join(" ", Changes(sizes))}"));
    }

    [Fact]
    public void Decide_Idle_GoesToTheLeast()
    {
        var sizes = Simulate(new Trace("idle", 1, [], _ => 0), seconds: 60, initially: 6);

        Assert.Equal(1, sizes[^1]);
        Assert.Equal([6, 1], Changes(sizes));
    }

    [Fact]
    public void Decide_TwoHundredPartitions_GoesToTheMostAndBack()
    {
        var sizes = Simulate(new Trace("pile", 1, [10], second => second == 10 ? 200 : 0), seconds: 300);

        Assert.Equal([1, 6], Changes(sizes).Take(2));
        Assert.Equal(1, sizes[^1]);
    }

    [Fact]
    public void Decide_WorkShorterThanAStart_StartsNothing()
    {
        var sizes = Simulate(new Trace("short", 0.01, [10], second => second == 10 ? 100 : 0), seconds: 100);

        Assert.Equal([1], Changes(sizes));
    }

    [Fact]
    public void Decide_WorkersThatAreSlowToStart_AreNotSentAwayWhileTheirWorkWaits()
    {
        IReadOnlyList<LoadSample> samples = [];
        for (var second = 0; second <= 60; second++)
        {
            (samples, var step) = ScalingPolicy.Decide(
                samples, new LoadSample(ScalingSamples.Now.AddSeconds(second), 180, 2, 1, 8.5), workers: 6, Bounds, Rules);
            Assert.Null(step);
        }
    }

    [Fact]
    public void Decide_Step_SaysWhy()
    {
        var at = ScalingSamples.Now;
        IReadOnlyList<LoadSample> samples = [];
        ScalingStep? step = null;
        for (var second = 0; second <= 3; second++)
        {
            (samples, step) = ScalingPolicy.Decide(
                samples, new LoadSample(at.AddSeconds(second), 40, 2, 2, 1.5), 1, Bounds, Rules);
        }

        Assert.Equal(
            new ScalingStep(6, "40 partitions of 1.5 s wait and 2 run; 6 workers with 2 slots each can take them."), step);
    }

    private static List<int> Simulate(Trace trace, int seconds, int initially = 1)
    {
        var (wanted, active, samples, sizes) = (initially, initially, (IReadOnlyList<LoadSample>)[], new List<int>());
        var starting = new List<int>();
        var work = new Workload(trace.PartitionSeconds);
        for (var second = 0; second < seconds; second++)
        {
            active += starting.RemoveAll(at => at <= second);
            work.Add(trace.ArrivalsAt(second));
            var (ready, busy) = work.RunOneSecond(active);

            var sample = new LoadSample(ScalingSamples.Now.AddSeconds(second), ready, busy, 1, work.HasEnded
                ? trace.PartitionSeconds : null);
            (samples, var step) = ScalingPolicy.Decide(samples, sample, wanted, Bounds, Rules);
            if (step is { } changed)
            {
                starting.AddRange(Enumerable.Repeat(second + 3, Math.Max(0, changed.Workers - wanted)));
                active = Math.Min(active, changed.Workers);
                wanted = changed.Workers;
            }

            sizes.Add(wanted);
        }

        return sizes;
    }

    /// <summary>Slots that are filled again as soon as they are free.</summary>
    private sealed class Workload(double partitionSeconds)
    {
        private readonly List<double> running = [];
        private double ready;

        public bool HasEnded { get; private set; }

        public void Add(double partitions) => ready += partitions;

        /// <summary>What waits and what runs in the middle of the second, where nothing begins or ends by the clock.</summary>
        public (int Ready, int Busy) RunOneSecond(int slots)
        {
            var seen = (0, 0);
            for (var tick = 0; tick < 10; tick++)
            {
                for (; running.Count < slots && ready >= 1; ready--)
                {
                    running.Add(partitionSeconds);
                }

                seen = tick == 4 ? ((int)Math.Round(ready), running.Count) : seen;
                for (var i = 0; i < running.Count; i++)
                {
                    running[i] -= 0.1;
                }

                HasEnded |= running.RemoveAll(left => left <= 1e-9) > 0;
            }

            return seen;
        }
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(5, 5)]
    [InlineData(40, 8)]
    public void Needed_AGangWaits_AsManyWorkersAsItNeedsAtOnce(int leastWorkers, int expected) =>
        Assert.Equal(expected, ScalingPolicy.Needed(
        new LoadSample(ScalingSamples.Now, Ready: 4, Busy: 0, SlotsPerWorker: 2, MeanSeconds: 0.1, leastWorkers), 2,
        new ScalingBounds(1, 8), Rules));

    private static List<int> Changes(IReadOnlyList<int> sizes) =>
        sizes.Count == 0
        ? []
        : [sizes[0], .. sizes.Zip(sizes.Skip(1)).Where(pair => pair.First != pair.Second).Select(pair => pair.Second)];

    private static int Reversals(IReadOnlyList<int> sizes)
    {
        var changes = Changes(sizes);
        var directions = changes.Zip(changes.Skip(1)).Select(pair => Math.Sign(pair.Second - pair.First)).ToList();
        return directions.Zip(directions.Skip(1)).Count(pair => pair.First != pair.Second);
    }
}
