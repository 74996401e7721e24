using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.StorageTests;

/// <summary>
/// Publishing that is cut off, done twice, done by two at once, or done from artifacts that are not what was committed.
/// </summary>
public sealed class OutputPublisherTests : OutputPublisherHarness
{
    [Fact]
    public async Task Publish_CutOffBeforeTheManifest_DoneAgainEndsInTheSameFiles()
    {
        var job = Job();
        await Assert.ThrowsAsync<StorageUnavailableException>(() =>
            Publish(job, () => throw new StorageUnavailableException("away", new IOException())));
        var before = Files();
        File.WriteAllText(Path.Combine(Root, "out", $".part-{job.State.Id}-00000-1-000.csv.killed.tmp"), "half of a fi");

        var result = await Publish(job);

        Assert.Equal(Partitions, before.Count);
        Assert.All(before, file => Assert.StartsWith(".part-", file, StringComparison.Ordinal));
        Assert.Equal(before.Select(file => file[1..]), result!.Files.Select(file => file.Path));
        Assert.Equal(result.Files.Select(file => file.Path)
            .Append(OutputNames.Manifest(job.State.Id)).Order(StringComparer.Ordinal), Files());
    }

    // Under a umask that closes all else, they would be their owner's alone; under the usual one, everybody's.
    [Fact, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Publish_Files_HaveTheModeThatIsSetAndTheirFolderLetsTheSameIn()
    {
        await Publish(Job());

        var files = Directory.GetFiles(Path.Combine(Root, "out"));
        const UnixFileMode file = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        Assert.Equal([file], files.Select(File.GetUnixFileMode).Distinct());
        Assert.Equal(
            file | UnixFileMode.UserExecute | UnixFileMode.GroupExecute, File.GetUnixFileMode(Path.Combine(Root, "out")));
    }

    [Fact]
    public async Task Publish_ManyAtOnce_OneManifestThatNamesWholeFiles()
    {
        var job = Job();

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            try
            {
                return await Publish(job);
            }
            catch (IOException)
            {
                // Another has finished meanwhile and tidied up: what the job's grain does at its next look.
                return await Publish(job);
            }
        }));

        Assert.All(results, result => Assert.Equal(results[0]!.Files, result!.Files));
        Assert.Equal(results[0]!.Files.Select(file => file.Path)
            .Append(OutputNames.Manifest(job.State.Id)).Order(StringComparer.Ordinal), Files());
        Assert.All(results[0]!.Files,
            file => Assert.Equal(file.Sha256, Hash(File.ReadAllBytes(Path.Combine(Root, "out", file.Path)))));
    }

    [Fact]
    public async Task Publish_TheJobHasMovedOn_ShowsNothing()
    {
        var result = await Publish(Job(), () => Task.FromResult(false));

        Assert.Null(result);
        Assert.DoesNotContain(Files(), file => file.StartsWith('_'));
    }

    [Theory]
    [InlineData("out", true)]
    [InlineData("out", false)]
    [InlineData(null, true)]
    public async Task Publish_ArtifactGoneOrDifferent_NamesItsProducerAndShowsNothing(string? output, bool gone)
    {
        var job = Job(output: output);
        var artifact = Path.Combine(Paths.Artifacts, $"{job.State.Id}/1/1/4/result.csv");
        if (gone)
        {
            File.Delete(artifact);
        }
        else
        {
            var bytes = File.ReadAllBytes(artifact);
            bytes[^2] ^= 1;
            File.WriteAllBytes(artifact, bytes);
        }

        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() => Publish(job));

        Assert.Equal(new AttemptId(new TaskId(job.State.Id, 1, 1), 4), lost.Producer);
        Assert.DoesNotContain(Files(), file => file.StartsWith('_') || file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Publish_AfterAnArtifactWasMadeAgain_KeepsNoFileOfTheLostAttempt()
    {
        var job = Job();
        File.Delete(Path.Combine(Paths.Artifacts, $"{job.State.Id}/1/2/4/result.csv"));
        await Assert.ThrowsAsync<ArtifactLostException>(() => Publish(job));
        var again = Committed(job.State.Id, 1, attempt: 5, "made,again\n");

        var output = await Publisher.Publish(
            job, Plan, [Committed(job.State.Id, 0, 4), again, Committed(job.State.Id, 2, 4, Text(2))],
            () => Task.FromResult(true), default);

        Assert.Equal(output!.Result.Files.Select(file => file.Path)
            .Append(OutputNames.Manifest(job.State.Id)).Order(StringComparer.Ordinal), Files());
        Assert.Contains(Files(), file => file.Contains("-00001-5-", StringComparison.Ordinal));
    }

    // The Publisher stands still past the point of no return; meanwhile another gives the job up, which clears the folder.
    [Fact]
    public async Task Publish_TheJobFailedWhileThePublisherStoodStill_ShowsNothing()
    {
        var job = Job();

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => Publish(job, async () =>
        {
            await Publisher.Clear(job, default);
            return true;
        }));
        var retried = job with { State = job.State with { Epoch = 2 } };
        var after = Files();
        var result = await Publish(retried);

        Assert.Equal(Contracts.ProblemCode.JobAlreadyTerminal, refusal.Code);
        Assert.Empty(after);
        Assert.Equal(Partitions, result!.Files.Count);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Root, "out"), ".*"));
    }

    // The job is given up meanwhile, an artifact is lost, and a retry that made it again succeeds.
    [Fact]
    public async Task Publish_ARetrySucceededWhileThePublisherStoodStill_LeavesItsOutput()
    {
        var job = Job();
        JobResult? retried = null;

        await Assert.ThrowsAnyAsync<IOException>(() => Publish(job, async () =>
        {
            await Publisher.Clear(job, default);
            PartitionRecord[] again =
                [.. Enumerable.Range(0, Partitions).Select(number => Committed(job.State.Id, number, 4 + number, Text(number)))];
            var retry = job with { State = job.State with { Epoch = 2 } };
            retried = (await Publisher.Publish(retry, Plan, again, () => Task.FromResult(true), default))!.Result;
            return true;
        }));

        Assert.Equal(retried!.Files, ManifestFile.TryRead(
            Path.Combine(Root, "out", OutputNames.Manifest(job.State.Id)))!.Files);
        Assert.All(retried.Files, file => Assert.Equal(file with { Rows = 1 }, AsPublished(file.Path)));
        Assert.Equal(Partitions + 1, Files().Count(name => !name.StartsWith('.')));
    }

    // As on one machine, where the artifacts and the output are on one file system.
    [Fact, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Publish_ArtifactsAsTheyWereAtTheirCommit_GetAnotherNameAndLoseTheirOwn()
    {
        var job = Job();
        var partitions = Identified(job);

        var result = (await Publisher.Publish(job, Plan, partitions, () => Task.FromResult(true), default))!.Result;

        Assert.Equal(
            partitions.Select(partition => partition.Manifest!.Files[0].Identity),
            result.Files.Select(file => IdentityOf(Path.Combine(Root, "out", file.Path))));
        Assert.All(result.Files, file => Assert.Equal(file, AsPublished(file.Path)));
        Assert.All(partitions, partition => Assert.False(File.Exists(ArtifactOf(partition))));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
            File.GetUnixFileMode(Path.Combine(Root, "out", result.Files[0].Path)));
        var again = (await Publisher.Publish(job, Plan, partitions, () => Task.FromResult(true), default))!.Result;
        Assert.Equal(result.Files, again.Files);
    }

    [Fact]
    public async Task Publish_ArtifactsWrittenToSinceTheirCommit_AreReadAndTheirHashesCompared()
    {
        var (touched, changed) = (Job(), Job(OutputMode.Append));
        var (ofTouched, ofChanged) = (Identified(touched), Identified(changed));
        File.SetLastWriteTimeUtc(ArtifactOf(ofTouched[1]), DateTime.UtcNow.AddSeconds(5));
        await using (var file = File.OpenWrite(ArtifactOf(ofChanged[1])))
        {
            file.Write("m"u8);
        }

        File.SetLastWriteTimeUtc(ArtifactOf(ofChanged[1]), DateTime.UtcNow.AddSeconds(5));

        var result = (await Publisher.Publish(touched, Plan, ofTouched, () => Task.FromResult(true), default))!.Result;
        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() =>
            Publisher.Publish(changed, Plan, ofChanged, () => Task.FromResult(true), default));

        Assert.NotEqual(IdentityOf(ArtifactOf(ofTouched[1])), IdentityOf(Path.Combine(Root, "out", result.Files[1].Path)));
        Assert.All(result.Files, file => Assert.Equal(file, AsPublished(file.Path)));
        Assert.Equal(new AttemptId(ofChanged[1].Task, 4), lost.Producer);
    }

    [Fact]
    public async Task Publish_AnArtifactIsWrittenToOnceItHasItsName_ShowsNothing()
    {
        var job = Job();
        var partitions = Identified(job);

        await Assert.ThrowsAnyAsync<IOException>(() => Publisher.Publish(job, Plan, partitions, async () =>
        {
            await using (var file = File.OpenWrite(ArtifactOf(partitions[1])))
            {
                file.Write("m"u8);
            }

            File.SetLastWriteTimeUtc(ArtifactOf(partitions[1]), DateTime.UtcNow.AddSeconds(5));
            return true;
        }, default));
        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() =>
            Publisher.Publish(job, Plan, partitions, () => Task.FromResult(true), default));

        Assert.Equal(new AttemptId(partitions[1].Task, 4), lost.Producer);
        Assert.DoesNotContain(Files(), file => file.StartsWith('_'));
    }

    [Fact]
    public async Task Clear_AfterAPublisherHasNamedArtifacts_LeavesThemToARetry()
    {
        var job = Job();
        var partitions = Identified(job);

        await Publisher.Publish(job, Plan, partitions, () => Task.FromResult(false), default);
        await Publisher.Clear(job, default);
        var retry = job with { State = job.State with { Epoch = 2 } };
        var retried = (await Publisher.Publish(retry, Plan, partitions, () => Task.FromResult(true), default))!.Result;

        Assert.All(retried.Files, file => Assert.Equal(file, AsPublished(file.Path)));
        Assert.Equal(Partitions + 1, Files().Count);
    }

    [Fact]
    public async Task Clear_PartFilesOfAFailedJobAtAllDepths_LeavesOthersAlone()
    {
        var (other, failed) = (Job(OutputMode.Append), Job(OutputMode.Append));
        await Publish(other);
        var before = Files();
        await Publish(failed, () => Task.FromResult(false));
        var inner = Directory.CreateDirectory(Path.Combine(Root, "out", "k=1", "l=2")).FullName;
        File.WriteAllText(Path.Combine(inner, $"part-{failed.State.Id}-00000-1-000.csv"), "shown, and then the disk was full");
        File.WriteAllText(Path.Combine(inner, $".part-{failed.State.Id}-00001-1-000.csv.half.tmp"), "half");
        File.WriteAllText(Path.Combine(Root, "out", "mine.csv"), "nobody's");

        await Publisher.Clear(failed, default);

        Assert.Equal(before.Append("mine.csv").Order(StringComparer.Ordinal), Files());
        Assert.False(Directory.Exists(Path.Combine(Root, "out", "k=1")));
    }

    [Fact]
    public async Task Publish_ErrorIfExistsOverAFileOfNobody_IsRefused()
    {
        var inner = Directory.CreateDirectory(Path.Combine(Root, "out", "year")).FullName;
        File.WriteAllText(Path.Combine(Root, "out", ".hidden"), "");
        await Publish(Job(OutputMode.Append));
        Directory.EnumerateFiles(Path.Combine(Root, "out"), "*part-*")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "out"), "_*")).ToList().ForEach(File.Delete);
        var empty = await Publish(Job());
        Directory.EnumerateFiles(Path.Combine(Root, "out"), "*part-*")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "out"), "_*")).ToList().ForEach(File.Delete);
        File.WriteAllText(Path.Combine(inner, "mine.csv"), "nobody's");

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => Publish(Job()));

        Assert.NotNull(empty);
        Assert.Equal(Contracts.ProblemCode.OutputExists, refusal.Code);
        Assert.Contains("year/mine.csv", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a-file")]
    [InlineData("a-file/below")]
    [InlineData("dangling")]
    [InlineData("long")]
    public async Task Publish_IntoWhatCannotBeAFolder_IsRefusedAtOnce(string output)
    {
        File.WriteAllText(Path.Combine(Root, "a-file"), "");
        File.CreateSymbolicLink(Path.Combine(Root, "dangling"), Path.Combine(Root, "nothing"));
        var job = Job(output: output == "long" ? new string('n', 300) : output);

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => Publish(job));

        Assert.Equal(Contracts.ProblemCode.OutputNotWritable, refusal.Code);
    }

    // Whoever may write in the data root puts a link where the output folder was, after it was looked at.
    [Fact]
    public async Task Publish_FolderExchangedForALinkMeanwhile_WritesNothingWhereTheLinkLeads()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(Root, "elsewhere")).FullName;
        var before = Directory.GetFiles(elsewhere).Length;

        await Publish(Job(), () =>
        {
            Directory.Move(Path.Combine(Root, "out"), Path.Combine(Root, "moved"));
            Directory.CreateSymbolicLink(Path.Combine(Root, "out"), elsewhere);
            return Task.FromResult(true);
        });

        Assert.Equal(before, Directory.GetFiles(elsewhere).Length);
        Assert.Contains(Directory.GetFiles(Path.Combine(Root, "moved")), file => Path.GetFileName(file).StartsWith('_'));
    }

    [Theory]
    [InlineData("state")]
    [InlineData("../")]
    public void OutputFolder_BehindALinkToWhereNothingIsWritten_IsRefused(string target)
    {
        Directory.CreateDirectory(Path.Combine(Root, "state"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "out"), Path.GetFullPath(target, Root));

        var refused = Assert.Throws<ClusterException>(
            () => new OutputFolder(
                Path.Combine(Root, "out"), Root, JobId.New(), epoch: 1, PublishedModes.Of(new ClusterSettings()),
                new DataRoots(Paths).Rules));

        Assert.Equal(Contracts.ProblemCode.PathNotAllowed, refused.Code);
    }

    [Fact]
    public void TryMove_TwoMoversOfOneName_OneSucceeds()
    {
        var target = Path.Combine(Root, "name");
        for (var round = 0; round < 500; round++)
        {
            string[] sources = [Path.Combine(Root, "a"), Path.Combine(Root, "b")];
            Array.ForEach(sources, source => File.WriteAllText(source, source));
            using var start = new Barrier(2);

            var moved = sources.AsParallel()
                .WithDegreeOfParallelism(2).WithExecutionMode(ParallelExecutionMode.ForceParallelism).Select(source =>
            {
                start.SignalAndWait();
                return NoReplaceMove.TryMove(source, target) ? source : null;
            }).OfType<string>().ToList();

            Assert.Equal(File.ReadAllText(target), Assert.Single(moved));
            File.Delete(target);
        }
    }

    private PartitionRecord[] Identified(JobRecord job) =>
        [.. Enumerable.Range(0, Partitions).Select(number => Committed(job.State.Id, number, attempt: 4)).Select(partition =>
            partition with
            {
                Manifest = partition.Manifest! with
                {
                    Files = [partition.Manifest.Files[0] with { Identity = IdentityOf(ArtifactOf(partition)) }],
                },
            })];

    private string ArtifactOf(PartitionRecord partition) =>
        Path.Combine(Paths.Artifacts, partition.ArtifactFolder!, "result.csv");

    private static string? IdentityOf(string path)
    {
        using var file = Descriptors.TryOpenFile(path)!;
        return Descriptors.IdentityOf(file.SafeFileHandle);
    }
}
