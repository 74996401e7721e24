using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class ArtifactPathTests
{
    [Fact]
    public void Of_AnAttempt_IsAFolderOfItsOwn() =>
        Assert.Equal($"{JobSamples.Id}/2/17/3", ArtifactPath.Of(new AttemptId(new TaskId(JobSamples.Id, 2, 17), 3)));

    [Fact]
    public void Of_AFileOfACommittedPartition_IsInTheFolderThatItCommittedWith()
    {
        var committed = JobSamples.Committed(5, (0, 10));

        Assert.Equal($"{JobSamples.Id}/0/5/1/0.parquet", ArtifactPath.Of(committed, committed.Manifest!.Files[0]));
    }

    [Fact]
    public void Of_APartitionThatHasNotCommitted_Throws() => Assert.Throws<ArgumentException>(
        () => ArtifactPath.Of(JobSamples.Partition(5), new ArtifactFile("0.parquet", 0, 1, 1, "00")));

    [Theory]
    [InlineData(ArtifactFile.QuarantineTarget, true)]
    [InlineData(0, false)]
    [InlineData(7, false)]
    public void IsQuarantine_ByItsTarget_IsTheFileOfRowsThatWereSetAside(int target, bool isQuarantine) =>
        Assert.Equal(isQuarantine, new ArtifactFile("q.parquet", target, 1, 1, "00").IsQuarantine);
}
