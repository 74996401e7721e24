using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

public sealed class WakeListTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly WakeList wakes = new();
    private int jobs;

    [Fact]
    public void Take_ThousandJobsThatWaitForSlots_WakesNoneOfThem()
    {
        var waiting = Enumerable.Range(0, 1000)
            .Select(_ => Job(JobPhase.Queued, new StageBacklog(0, 3, 0, 0, null))).ToDictionary(job => job.Id);
        var planning = Job(JobPhase.Planning);
        waiting[planning.Id] = planning;

        var due = wakes.Take(waiting.Values, waiting, Now, everyone: true);

        Assert.Equal([planning.Id], due);
    }

    [Theory]
    [InlineData(JobPhase.Queued, 3, 1, true)] // Its first attempt has begun: it is to become RUNNING.
    [InlineData(JobPhase.Queued, 3, 0, false)]
    [InlineData(JobPhase.Running, 3, 1, false)]
    public void Take_OnARead_WakesWhatHasJustBegun(JobPhase phase, int ready, int running, bool isWoken)
    {
        var job = Job(phase, new StageBacklog(0, ready, 0, running, null));

        Assert.Equal(isWoken, Take([job], Now, everyone: false).Contains(job.Id));
    }

    [Fact]
    public void Take_DependenciesEndOneByOne_WakesOnceForEach()
    {
        var (first, second) = (Job(JobPhase.Running), Job(JobPhase.Running));
        var dependent = Job(JobPhase.Queued) with { DependsOn = [first.Id, second.Id] };

        Assert.DoesNotContain(dependent.Id, Take([first, second, dependent], Now, everyone: true));
        Assert.Equal([dependent.Id], Take([second, dependent], Now, everyone: false));
        Assert.Empty(Take([second, dependent], Now, everyone: false));
        Assert.Equal([dependent.Id], Take([dependent], Now, everyone: false));
        Assert.Equal([dependent.Id], Take([dependent], Now, everyone: true));
    }

    [Fact]
    public void Take_DeadlineOver_WakesAJobThatSleeps()
    {
        var job = Job(JobPhase.Queued, new StageBacklog(0, 1, 0, 0, null)) with { DeadlineAt = Now };

        Assert.Empty(Take([job], Now.AddTicks(-1), everyone: true));
        Assert.Equal([job.Id], Take([job], Now, everyone: false));
    }

    private IReadOnlyList<JobId> Take(ActiveJob[] active, DateTimeOffset now, bool everyone) =>
        wakes.Take(active, Of(active), now, everyone);

    private static Dictionary<JobId, ActiveJob> Of(params ActiveJob[] jobs) => jobs.ToDictionary(job => job.Id);

    private ActiveJob Job(JobPhase phase, params StageBacklog[] stages) => new(
        JobId.Parse($"01JD{++jobs:0000000000000000000000}"), phase, JobPriority.Normal, 1, Now, new ResourceRequest(), false, [],
        null, stages);
}
