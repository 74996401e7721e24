using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// A disk loses or changes what was committed, before the next stage has read it: that partition runs again, and no other.
/// </summary>
[Collection("kills")]
public sealed class ArtifactLossTests(EmbeddedFaultCluster cluster) : IClassFixture<EmbeddedFaultCluster>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lose_ACommittedArtifact_ItsPartitionAloneRunsAgain(bool different)
    {
        var job = new FaultJob(cluster);
        string id;
        FaultJob.Partition harmed;
        do
        {
            id = await job.SubmitAsync(outputPath: null);
            harmed = await Harm(job, id, different);
            await job.CheckResultAsync(id, outputPath: null);
        }
        while (Commits(Find(await job.ListPartitionsAsync(id), harmed)) == 1); // It was read before it was harmed.

        var partitions = await job.ListPartitionsAsync(id);
        Assert.Equal(2, Commits(Find(partitions, harmed)));
        Assert.All(partitions.Where(partition => partition.Stage == 0 && partition.Number != harmed.Number),
            partition => Assert.Equal(1, Commits(partition)));
        await Leftovers.CheckNoneAsync(cluster);
    }

    private async Task<FaultJob.Partition> Harm(FaultJob job, string id, bool different)
    {
        FaultJob.Partition? victim = null;
        await EmbeddedCluster.Until(
            async () =>
            (victim = (await job.ListPartitionsAsync(id))
                .FirstOrDefault(partition => partition is { Stage: 0, State: "COMMITTED" })) is not null,
            TimeSpan.FromSeconds(60), () => cluster.Log.ToString());
        var folder = Path.Combine(
            cluster.StateFolder, "artifacts", id, "0", $"{victim!.Number}", $"{victim.Attempts[^1].Number}");
        try
        {
            if (different)
            {
                foreach (var file in Directory.EnumerateFiles(folder))
                {
                    var bytes = await File.ReadAllBytesAsync(file);
                    bytes[bytes.Length / 2] ^= 0xff;
                    await File.WriteAllBytesAsync(file, bytes);
                }
            }
            else
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // The job has ended meanwhile, and this artifact with it: the caller submits another.
        }

        return victim;
    }

    private static int Commits(FaultJob.Partition partition) => partition.Attempts.Count(attempt => attempt.State == "COMMITTED");

    private static FaultJob.Partition Find(IEnumerable<FaultJob.Partition> partitions, FaultJob.Partition wanted) =>
        partitions.Single(partition => partition.Stage == wanted.Stage && partition.Number == wanted.Number);
}
