using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

public sealed class FairListTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TimeSpan Rise = TimeSpan.FromMinutes(1);

    // Jobs come, go, get slots and wait, and the time passes: the list is always what a sort of all of them would be.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void List_AnyChanges_IsInTheOrderOfASort(int seed)
    {
        var random = new Random(seed);
        var list = new FairList(Rise);
        var jobs = new Dictionary<JobId, (ActiveJob Job, DateTimeOffset Since)>();
        var now = Start;
        for (var step = 0; step < 400; step++)
        {
            now += TimeSpan.FromSeconds(random.Next(0, 20));
            list.Advance(now);
            if (jobs.Count > 0 && random.Next(4) == 0)
            {
                var gone = jobs.Keys.ElementAt(random.Next(jobs.Count));
                jobs.Remove(gone);
                list.Remove(gone);
            }
            else if (jobs.Count > 0 && random.Next(3) == 0)
            {
                var (job, _) = jobs.Values.ElementAt(random.Next(jobs.Count));
                jobs[job.Id] = (job, now);
                list.Put(job, now);
            }
            else
            {
                var created = now - TimeSpan.FromSeconds(random.Next(0, 300));
                var job = new ActiveJob(
                    JobId.New(created), JobPhase.Queued, (JobPriority)random.Next(4), 1, created, new ResourceRequest(), false,
                    [], null, []);
                jobs[job.Id] = (job, created);
                list.Put(job, created);
            }

            var sorted = FairOrder.Sort(jobs.Values.Select(item => item.Job), job => jobs[job.Id].Since, now, Rise);
            Assert.Equal(sorted.Select(job => job.Id), Enumerable.Range(0, list.Count).Select(index => list[index]));
            Assert.All(sorted, (job, index) => Assert.Equal(index, list.CountBefore(job, jobs[job.Id].Since)));
        }
    }

    [Fact]
    public void Put_TenThousandJobs_ComparesEachWithFewOthers()
    {
        var list = new FairList(Rise);
        for (var number = 0; number < 10_000; number++)
        {
            var created = Start.AddSeconds(number % 977);
            list.Put(new ActiveJob(
                JobId.New(created), JobPhase.Queued, (JobPriority)(number % 4), 1, created, new ResourceRequest(), false, [],
                null, []), created);
        }

        var before = list.Comparisons;
        list.CountBefore(
            new ActiveJob(
                JobId.New(Start), JobPhase.Queued, JobPriority.Low, 1, Start, new ResourceRequest(), false, [], null, []), Start);

        Assert.InRange(before, 1, 10_000 * 15);
        Assert.InRange(list.Comparisons - before, 1, 15);
    }
}
