using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Jobs;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class RunningProgressTests
{
    [Fact]
    public void ByStage_AnAttemptHasEnded_CountsThoseThatRunAlone()
    {
        var (ended, running) = (Attempt(0), Attempt(1));
        var progress = new RunningProgress();
        progress.Report([new AttemptProgress(ended, 100, 10), new AttemptProgress(running, 30, 3)]);

        progress.KeepOnly([running]);

        Assert.Equal((30, 3), Assert.Single(progress.ByStage()).Value);
        Assert.Equal(1, progress.Count);
    }

    private static AttemptId Attempt(int partition) => new(new TaskId(JobSamples.Id, 0, partition), 1);
}
