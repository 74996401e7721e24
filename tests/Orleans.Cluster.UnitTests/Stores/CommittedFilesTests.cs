using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Stores;

/// <summary>Names that committed files are published under.</summary>
public sealed class CommittedFilesTests
{
    private static readonly JobId Job = JobId.New();

    [Theory]
    [InlineData("result.csv", "part-{0}-00002-3-000.csv")]
    [InlineData("result/data_1.csv.gz", "part-{0}-00002-3-000.csv.gz")]
    [InlineData("result/k=1/data_0.parquet", "k=1/part-{0}-00002-3-000.parquet")]
    [InlineData("result/k=a.b/l=/data_0.parquet", "k=a.b/l=/part-{0}-00002-3-000.parquet")]
    public void All_FileOfAnAttempt_HasANameThatIsKnownAsItsJobs(string path, string expected)
    {
        var partition = new PartitionRecord
        {
            Task = new TaskId(Job, 1, 2), Epoch = 1, Order = "2", Work = new PartitionWork(), State = PartitionState.Committed,
            Attempt = 3, ArtifactFolder = $"{Job}/1/2/3",
            Manifest = new TaskManifest { RowsOut = 1, Files = [new ArtifactFile(path, 0, 1, 1, "00")] },
        };
        var paths = new ClusterPaths(Options.Create(new ClusterSettings { ArtifactStore = "s3://atlas/artifacts" }));

        var file = Assert.Single(new CommittedFiles(paths, new JobPlan
        {
            Query = "", Columns = [], Datasets = new Dictionary<string, PlannedDataset>(), Stages = [],
        }, [partition]).All);

        Assert.Equal(string.Format(CultureInfo.InvariantCulture, expected, Job), file.Name);
        Assert.Equal(Job, OutputNames.JobOfPart(file.Name));
        Assert.Equal($"s3://atlas/artifacts/{Job}/1/2/3/{path}", file.Path);
    }

    [Theory]
    [InlineData("result/k=1/part-{0}-00002-3-000.parquet", true)]
    [InlineData("result/part-{0}-00002-3-000.parquet", false)]
    [InlineData("other/k=1/part-{0}-00002-3-000.parquet", false)]
    [InlineData("../k=1/part-{0}-00002-3-000.parquet", false)]
    public void JobOfPart_FileBelowAFolder_IsAJobsWhereAJobCanHaveWrittenIt(string name, bool isJobs) => Assert.Equal(
        isJobs ? Job : null, OutputNames.JobOfPart(string.Format(CultureInfo.InvariantCulture, name, Job)));
}
