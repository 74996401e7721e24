using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Scaling;

public sealed class PartitionPaceTests
{
    private static readonly WorkerId Worker = new("w-1");
    private static readonly JobId Job = JobId.New();

    [Fact]
    public void MeanSeconds_NothingEnded_IsNotKnown()
    {
        var pace = new PartitionPace();

        pace.Note(Worker, [Attempt(0)], ScalingSamples.Now);

        Assert.Null(pace.MeanSeconds);
    }

    [Fact]
    public void MeanSeconds_AttemptsEnd_FollowsTheLatest()
    {
        var pace = new PartitionPace();
        for (var partition = 0; partition < 100; partition++)
        {
            pace.Note(Worker, [Attempt(partition)], ScalingSamples.Now.AddSeconds(partition * 2));
        }

        Assert.Equal(2.0, pace.MeanSeconds!.Value, 6);
    }

    [Fact]
    public void MeanSeconds_WorkerIsGone_ItsAttemptsSayNothing()
    {
        var pace = new PartitionPace();
        pace.Note(Worker, [Attempt(0)], ScalingSamples.Now);

        pace.Forget(Worker);
        pace.Note(Worker, [], ScalingSamples.Now.AddHours(1));

        Assert.Null(pace.MeanSeconds);
    }

    private static AttemptId Attempt(int partition) => new(new TaskId(Job, 0, partition), 1);
}
