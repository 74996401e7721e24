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
public sealed class OutputPublisherTests : IDisposable
{
    private const int Partitions = 3;
    private static readonly JobPlan Plan = new()
    {
        Query = "SELECT 1",
        Columns = [],
        Datasets = new Dictionary<string, PlannedDataset>(),
        Stages =
        [
            new StagePlan
            {
                Index = 0, Name = "convert", Query = "SELECT 1", Columns = [], Inputs = [],
                Output = new TaskOutput { Kind = OutputKind.Result },
            },
        ],
    };

    private readonly string root = Directory.CreateTempSubdirectory("publish-").FullName;
    private readonly ClusterPaths paths;
    private readonly OutputPublisher publisher;

    public OutputPublisherTests()
    {
        var settings = Options.Create(
            new ClusterSettings { StateDirectory = Path.Combine(root, "state"), DataRoots = [root], OutputFileMode = "0640" });
        paths = new ClusterPaths(settings);
        publisher = TestOutputs.Publisher(paths, new DataRoots(paths), settings, TimeProvider.System);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Publish_CutOffBeforeTheManifest_DoneAgainEndsInTheSameFiles()
    {
        var job = Job();
        await Assert.ThrowsAsync<StorageUnavailableException>(() =>
            Publish(job, () => throw new StorageUnavailableException("away", new IOException())));
        var before = Files();
        File.WriteAllText(Path.Combine(root, "out", $".part-{job.State.Id}-00000-1-000.csv.killed.tmp"), "half of a fi");

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

        var files = Directory.GetFiles(Path.Combine(root, "out"));
        const UnixFileMode file = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        Assert.Equal([file], files.Select(File.GetUnixFileMode).Distinct());
        Assert.Equal(
            file | UnixFileMode.UserExecute | UnixFileMode.GroupExecute, File.GetUnixFileMode(Path.Combine(root, "out")));
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
            file => Assert.Equal(file.Sha256, Hash(File.ReadAllBytes(Path.Combine(root, "out", file.Path)))));
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
        var artifact = Path.Combine(paths.Artifacts, $"{job.State.Id}/1/1/4/result.csv");
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
        File.Delete(Path.Combine(paths.Artifacts, $"{job.State.Id}/1/2/4/result.csv"));
        await Assert.ThrowsAsync<ArtifactLostException>(() => Publish(job));
        var again = Committed(job.State.Id, 1, attempt: 5, "made,again\n");

        var output = await publisher.Publish(
            job, Plan, [Committed(job.State.Id, 0, 4), again, Committed(job.State.Id, 2, 4, Text(2))],
            () => Task.FromResult(true), default);

        Assert.Equal(output!.Result.Files.Select(file => file.Path)
            .Append(OutputNames.Manifest(job.State.Id)).Order(StringComparer.Ordinal), Files());
        Assert.Contains(Files(), file => file.Contains("-00001-5-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Publish_OverwriteCutOffBeforeItRemovedTheEarlier_DoneAgainRemovesIt()
    {
        var earlier = Job();
        await Publish(earlier);
        var job = Job(OutputMode.Overwrite);
        using var folder = new OutputFolder(
            Path.Combine(root, "out"), root, job.State.Id, epoch: 1, PublishedModes.Of(new ClusterSettings()),
            new DataRoots(paths).Rules);
        folder.NoteReplaced(folder.Others());
        await Publish(job, () => Task.FromResult(false));
        ResultFile[] parts =
            [.. Files().Where(file => file.StartsWith($".part-{job.State.Id}", StringComparison.Ordinal)).Select(AsPublished)];
        folder.Publish(new JobResult(Partitions, parts.Sum(part => part.Bytes), [], parts));

        var result = await Publish(job);

        Assert.Equal(parts, result!.Files);
        Assert.DoesNotContain(Files(), file => file.Contains(earlier.State.Id.Value, StringComparison.Ordinal));
        Assert.Equal(Partitions + 1, Files().Count);
    }

    [Theory]
    [InlineData("../{0}")]
    [InlineData("{1}/{0}")]
    [InlineData("key=link/part-{2}-00000-1-000.csv")]
    public async Task Publish_OverwriteOfAHandMadeManifest_DeletesNothingOutside(string form)
    {
        var job = Job(OutputMode.Overwrite);
        var stranger = JobId.New();
        var other = Directory.CreateDirectory(Path.Combine(root, "other")).FullName;
        var victim = Path.Combine(form.StartsWith("key", StringComparison.Ordinal)
            ? other
            : root, form.StartsWith("key", StringComparison.Ordinal) ? $"part-{stranger}-00000-1-000.csv" : "precious.csv");
        var own = $"mine-{Guid.NewGuid():N}.csv";
        File.WriteAllText(victim, "precious");
        Directory.CreateDirectory(Path.Combine(root, "out"));
        File.CreateSymbolicLink(Path.Combine(root, "out", "key=link"), other);
        File.WriteAllText(Path.Combine(root, "out", own), "nobody's");
        var named = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, "precious.csv", root, stranger);
        WriteManifest(stranger, named, own);

        var output = await PublishOutput(job);

        Assert.Equal(("precious", "nobody's"), (File.ReadAllText(victim), File.ReadAllText(Path.Combine(root, "out", own))));
        Assert.Contains(output!.Notes, note => note.Contains(own, StringComparison.Ordinal));
        Assert.DoesNotContain(OutputNames.Manifest(stranger), Files());
    }

    [Theory]
    [InlineData("this is not JSON")]
    [InlineData("{}")]
    [InlineData("{\"rows\":1,\"bytes\":1,\"columns\":[],\"files\":[null]}")]
    public async Task Publish_OverwriteOfAManifestThatIsNone_KeepsItAndSaysSo(string text)
    {
        var job = Job(OutputMode.Overwrite);
        Directory.CreateDirectory(Path.Combine(root, "out"));
        var name = OutputNames.Manifest(JobId.New());
        File.WriteAllText(Path.Combine(root, "out", name), text);

        var output = await PublishOutput(job);

        Assert.Contains(name, Files());
        Assert.Contains(name, Assert.Single(output!.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData(null)]
    public async Task Publish_AManifestOfThisJobThatNamesOtherAttempts_DoesNotCount(string? text)
    {
        var job = Job();
        Directory.CreateDirectory(Path.Combine(root, "out"));
        WriteManifest(job.State.Id, $"part-{job.State.Id}-00000-3-000.csv");
        if (text is not null)
        {
            File.WriteAllText(Path.Combine(root, "out", OutputNames.Manifest(job.State.Id)), text);
        }

        var result = await Publish(job);

        Assert.Equal(Partitions, result!.Files.Count);
        Assert.Equal(result.Files, ManifestFile.TryRead(Path.Combine(root, "out", OutputNames.Manifest(job.State.Id)))!.Files);
    }

    [Fact]
    public async Task Publish_WhatIsReplacedCannotBeRemoved_HasSucceededAllTheSame()
    {
        var earlier = Job();
        await Publish(earlier);
        var job = Job(OutputMode.Overwrite);
        var manifest = Path.Combine(root, "out", OutputNames.Manifest(earlier.State.Id));

        // A folder in the place of a file cannot be deleted as one, whoever asks.
        var output = await PublishOutput(job, () =>
        {
            Directory.CreateDirectory(Path.Combine(root, "out", $"._overwritten-{earlier.State.Id}"));
            return Task.FromResult(true);
        });

        Assert.Equal(Partitions, output!.Result.Files.Count);
        Assert.Contains("could not be removed", Assert.Single(output.Notes), StringComparison.Ordinal);
        Assert.True(File.Exists(manifest));
    }

    [Fact]
    public async Task Publish_LateAfterAnotherJobHasOverwritten_DoesNotBringItsManifestBack()
    {
        var late = Job();
        await Publish(late);
        var job = Job(OutputMode.Overwrite);
        await Publish(job);

        await Assert.ThrowsAsync<ClusterException>(() =>
            Publish(late with { Spec = late.Spec with { Output = late.Spec.Output! with { Mode = OutputMode.Append } } }));

        Assert.Equal([OutputNames.Manifest(job.State.Id)], Files().Where(file => file.StartsWith('_')));
    }

    // The publisher stands still past the point of no return; meanwhile another gives the job up, which clears the folder.
    [Fact]
    public async Task Publish_TheJobFailedWhileThePublisherStoodStill_ShowsNothing()
    {
        var job = Job();

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => Publish(job, async () =>
        {
            await publisher.Clear(job, default);
            return true;
        }));
        var retried = job with { State = job.State with { Epoch = 2 } };
        var after = Files();
        var result = await Publish(retried);

        Assert.Equal(Contracts.ProblemCode.JobAlreadyTerminal, refusal.Code);
        Assert.Empty(after);
        Assert.Equal(Partitions, result!.Files.Count);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(root, "out"), ".*"));
    }

    [Fact]
    public async Task Clear_PartFilesOfAFailedJobAtAllDepths_LeavesOthersAlone()
    {
        var (other, failed) = (Job(OutputMode.Append), Job(OutputMode.Append));
        await Publish(other);
        var before = Files();
        await Publish(failed, () => Task.FromResult(false));
        var inner = Directory.CreateDirectory(Path.Combine(root, "out", "k=1", "l=2")).FullName;
        File.WriteAllText(Path.Combine(inner, $"part-{failed.State.Id}-00000-1-000.csv"), "shown, and then the disk was full");
        File.WriteAllText(Path.Combine(inner, $".part-{failed.State.Id}-00001-1-000.csv.half.tmp"), "half");
        File.WriteAllText(Path.Combine(root, "out", "mine.csv"), "nobody's");

        await publisher.Clear(failed, default);

        Assert.Equal(before.Append("mine.csv").Order(StringComparer.Ordinal), Files());
        Assert.False(Directory.Exists(Path.Combine(root, "out", "k=1")));
    }

    [Fact]
    public async Task Publish_ErrorIfExistsOverAFileOfNobody_IsRefused()
    {
        var inner = Directory.CreateDirectory(Path.Combine(root, "out", "year")).FullName;
        File.WriteAllText(Path.Combine(root, "out", ".hidden"), "");
        await Publish(Job(OutputMode.Append));
        Directory.EnumerateFiles(Path.Combine(root, "out"), "*part-*")
            .Concat(Directory.EnumerateFiles(Path.Combine(root, "out"), "_*")).ToList().ForEach(File.Delete);
        var empty = await Publish(Job());
        Directory.EnumerateFiles(Path.Combine(root, "out"), "*part-*")
            .Concat(Directory.EnumerateFiles(Path.Combine(root, "out"), "_*")).ToList().ForEach(File.Delete);
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
        File.WriteAllText(Path.Combine(root, "a-file"), "");
        File.CreateSymbolicLink(Path.Combine(root, "dangling"), Path.Combine(root, "nothing"));
        var job = Job(output: output == "long" ? new string('n', 300) : output);

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => Publish(job));

        Assert.Equal(Contracts.ProblemCode.OutputNotWritable, refusal.Code);
    }

    // Whoever may write in the data root puts a link where the output folder was, after it was looked at.
    [Fact]
    public async Task Publish_FolderExchangedForALinkMeanwhile_WritesNothingWhereTheLinkLeads()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(root, "elsewhere")).FullName;
        var before = Directory.GetFiles(elsewhere).Length;

        await Publish(Job(), () =>
        {
            Directory.Move(Path.Combine(root, "out"), Path.Combine(root, "moved"));
            Directory.CreateSymbolicLink(Path.Combine(root, "out"), elsewhere);
            return Task.FromResult(true);
        });

        Assert.Equal(before, Directory.GetFiles(elsewhere).Length);
        Assert.Contains(Directory.GetFiles(Path.Combine(root, "moved")), file => Path.GetFileName(file).StartsWith('_'));
    }

    [Theory]
    [InlineData("state")]
    [InlineData("../")]
    public void OutputFolder_BehindALinkToWhereNothingIsWritten_IsRefused(string target)
    {
        Directory.CreateDirectory(Path.Combine(root, "state"));
        Directory.CreateSymbolicLink(Path.Combine(root, "out"), Path.GetFullPath(target, root));

        var refused = Assert.Throws<ClusterException>(
            () => new OutputFolder(
                Path.Combine(root, "out"), root, JobId.New(), epoch: 1, PublishedModes.Of(new ClusterSettings()),
                new DataRoots(paths).Rules));

        Assert.Equal(Contracts.ProblemCode.PathNotAllowed, refused.Code);
    }

    // Reading a pipe that nobody writes waits for ever, and a link leads wherever its maker likes.
    [Fact]
    public async Task Publish_PipesAndLinksUnderNamesOfManifests_AreNone()
    {
        var job = Job(OutputMode.Overwrite);
        var folder = Directory.CreateDirectory(Path.Combine(root, "out")).FullName;
        using var pipes = System.Diagnostics.Process.Start(
            "mkfifo",
            [Path.Combine(folder, OutputNames.Manifest(JobId.New())), Path.Combine(folder, $"._replaced-{job.State.Id}.json"),
                Path.Combine(folder, OutputNames.Manifest(job.State.Id))]);
        await pipes.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(folder, OutputNames.Manifest(JobId.New())), "/dev/zero");

        var output = await PublishOutput(job).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(Partitions, output!.Result.Files.Count);
        Assert.Equal(2, output.Notes.Count(note => note.Contains("not the manifest of a job", StringComparison.Ordinal)));
    }

    [Fact]
    public void TryMove_TwoMoversOfOneName_OneSucceeds()
    {
        var target = Path.Combine(root, "name");
        for (var round = 0; round < 500; round++)
        {
            string[] sources = [Path.Combine(root, "a"), Path.Combine(root, "b")];
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

    private async Task<JobResult?> Publish(JobRecord job, Func<Task<bool>>? isWanted = null) =>
        (await PublishOutput(job, isWanted))?.Result;

    private Task<PublishedOutput?> PublishOutput(JobRecord job, Func<Task<bool>>? isWanted = null) => publisher.Publish(
        job, Plan, [.. Enumerable.Range(0, Partitions).Select(number => Committed(job.State.Id, number, attempt: 4))],
        isWanted ?? (() => Task.FromResult(true)), default);

    private void WriteManifest(JobId job, params string[] files) => File.WriteAllText(
        Path.Combine(root, "out", OutputNames.Manifest(job)),
        System.Text.Json.JsonSerializer.Serialize(
            new JobResult(1, 1, [], [.. files.Select(file => new ResultFile(file, 1, 1, ""))]), WireJson.Options));

    private ResultFile AsPublished(string file)
    {
        var bytes = File.ReadAllBytes(Path.Combine(root, "out", file));
        return new ResultFile(file.TrimStart('.'), 1, bytes.Length, Hash(bytes));
    }

    // A job whose last stage has committed, with its artifacts.
    private JobRecord Job(OutputMode mode = OutputMode.ErrorIfExists, string? output = "out")
    {
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert,
            Output = output is null ? null : new OutputSpec { Path = output, Format = OutputFormat.Csv, Mode = mode },
        };
        var job = TestJobs.New(JobPhase.Publishing, spec: spec, createdAt: DateTimeOffset.UtcNow);
        foreach (var number in Enumerable.Range(0, Partitions))
        {
            var partition = Committed(job.State.Id, number, attempt: 4);
            var folder = Directory.CreateDirectory(Path.Combine(paths.Artifacts, partition.ArtifactFolder!));
            File.WriteAllText(Path.Combine(folder.FullName, "result.csv"), Text(number));
        }

        return new JobRecord(job.State, spec, Owner: null, HasPlan: true);
    }

    private PartitionRecord Committed(JobId job, int number, int attempt, string? text = null)
    {
        var bytes = Encoding.UTF8.GetBytes(text ?? Text(number));
        var folder = $"{job}/1/{number}/{attempt}";
        if (text is not null)
        {
            Directory.CreateDirectory(Path.Combine(paths.Artifacts, folder));
            File.WriteAllBytes(Path.Combine(paths.Artifacts, folder, "result.csv"), bytes);
        }

        return TestJobs.Partition(job, number, stage: 1) with
        {
            State = PartitionState.Committed,
            Attempt = attempt,
            ArtifactFolder = folder,
            Manifest = new TaskManifest
            {
                RowsOut = 1, Files =
                    [new ArtifactFile("result.csv", 0, 1, bytes.Length, Hash(bytes))], Cost = new TaskCost(0, 0, 0, 0),
            },
        };
    }

    private static string Text(int number) => $"n\n{number}{new string('x', 300_000)}\n";

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private List<string> Files() => Directory.Exists(Path.Combine(root, "out"))
        ? [.. Directory.EnumerateFiles(Path.Combine(root, "out")).Select(path => Path.GetFileName(path))
            .Where(file => !file.StartsWith("._", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
        : [];
}
