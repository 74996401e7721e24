using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.StorageTests;

/// <summary>
/// A new folder is as lost as a file is, after a crash of the machine, when the folder above it was not synced.
/// </summary>
public sealed class OutputSyncTests : OutputPublisherHarness
{
    [Fact]
    public async Task Publish_IntoNewFoldersAtAllDepths_SyncsEachOfThemAndThoseAbove()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Folders are watched by inotify, which is Linux's.");
        var job = Job(output: "new/out");
        var partition = Committed(job.State.Id, 0, attempt: 4);
        var folder = Path.Combine(Paths.Artifacts, partition.ArtifactFolder!);
        Directory.CreateDirectory(Path.Combine(folder, "day=1", "hour=2"));
        File.Move(Path.Combine(folder, "result.csv"), Path.Combine(folder, "day=1", "hour=2", "result.csv"));
        partition = partition with
        {
            Manifest = partition.Manifest! with
            {
                Files = [.. partition.Manifest.Files.Select(file => file with { Path = "day=1/hour=2/result.csv" })],
            },
        };

        // First as far as the folders are made, so that they can be watched.
        await Assert.ThrowsAsync<StorageUnavailableException>(() =>
            Publish(job, partition, () => throw new StorageUnavailableException("away", new IOException())));
        using var opens = new FolderOpens();
        var folders = new[] { "", "new", "new/out", "new/out/day=1", "new/out/day=1/hour=2" };
        foreach (var name in folders)
        {
            opens.Watch(Path.Combine(Root, name));
        }

        var result = await Publish(job, partition, () => Task.FromResult(true));

        Assert.StartsWith("day=1/hour=2/part-", Assert.Single(result!.Result.Files).Path, StringComparison.Ordinal);
        Assert.Equal(
            folders.Select(name => Path.Combine(Root, name)).Order(StringComparer.Ordinal),
            opens.Take().Order(StringComparer.Ordinal));
    }

    private Task<PublishedOutput?> Publish(JobRecord job, PartitionRecord partition, Func<Task<bool>> isWanted) =>
        Publisher.Publish(job, Plan, [partition], isWanted, default);
}
