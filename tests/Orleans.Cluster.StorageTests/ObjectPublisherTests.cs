using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.StorageTests;

/// <summary>Publishing into an object store, with artifacts in folders and in the store.</summary>
public sealed class ObjectPublisherTests : IDisposable
{
    private const int Partitions = 3;
    private const string Place = "s3://atlas/open/out";

    private static readonly JobPlan Plan = new()
    {
        Datasets = new Dictionary<string, PlannedDataset>(), Columns = [], Query = "",
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
    private readonly MemoryObjects objects = new();

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_CutOffAtAnyCall_DoneAgainEndsInTheSameObjects(bool keepsObjects)
    {
        for (var call = 0; ; call++)
        {
            var (job, left) = (Job(keepsObjects), call);
            objects.OnChange = (_, _) =>
            {
                if (left-- == 0)
                {
                    throw new ObjectStoreException("cut off", ObjectStoreFault.Away);
                }
            };
            var wasCut = await Cut(() => Publish(job, keepsObjects));
            objects.OnChange = (_, _) => { };

            var output = await Publish(job, keepsObjects);

            Assert.Equal(
                output!.Result.Files.Select(file => $"{Place}/{file.Path}").Append(Manifest(job)).Order(StringComparer.Ordinal),
                Published());
            Assert.Equal(
                ["id\n0\n", "id\n1\n", "id\n2\n"],
                output.Result.Files.Select(file => objects.Text($"{Place}/{file.Path}")));
            if (!wasCut)
            {
                Assert.True(call > Partitions);
                return;
            }

            await Publisher(keepsObjects).Clear(job with { State = job.State with { Epoch = 9 } }, default);
        }
    }

    [Fact]
    public async Task Publish_BeforeTheManifest_NothingCounts()
    {
        var job = Job();
        IReadOnlyList<ObjectInfo>? before = [];

        await Publish(job, isWanted: async () =>
        {
            before = await new PublishedObjects(objects).In(new S3Path("atlas", "open/out"), default);
            Assert.Equal(Partitions, Published().Count);
            return true;
        });

        Assert.Null(before);
        Assert.Equal(Partitions, (await new PublishedObjects(objects).In(new S3Path("atlas", "open/out"), default))!.Count);
    }

    [Fact]
    public async Task Publish_JobIsNotWantedAnyMore_ShowsNothingAndClearLeavesNothing()
    {
        var job = Job();
        objects.BeginUpload($"{Place}/part-{job.State.Id}-00001-1-000.csv");
        objects.BeginUpload($"{Place}/part-{JobId.New()}-00001-1-000.csv");

        var output = await Publish(job, isWanted: () => Task.FromResult(false));
        await Publisher().Clear(job, default);

        Assert.Null(output);
        Assert.Empty(Published());
        Assert.DoesNotContain(objects.Uploads, upload => upload.Contains(job.State.Id.Value, StringComparison.Ordinal));
        Assert.Single(objects.Uploads);
    }

    [Fact]
    public async Task Clear_JobThatWroteNothing_LeavesNotEvenAWord()
    {
        await Publisher().Clear(Job(), default);

        Assert.Empty(objects.Names);
    }

    // The publisher stands still past the point of no return; meanwhile another gives the job up, which clears its output.
    [Fact]
    public async Task Publish_TheJobFailedWhileThePublisherStoodStill_ShowsNothing()
    {
        var job = Job();

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => Publish(job, isWanted: async () =>
        {
            await Publisher().Clear(job, default);
            return true;
        }));
        var after = Published();
        var retried = await Publish(job with { State = job.State with { Epoch = 2 } });

        Assert.Equal(Contracts.ProblemCode.JobAlreadyTerminal, refusal.Code);
        Assert.Empty(after);
        Assert.Equal(Partitions, retried!.Result.Files.Count);
        Assert.DoesNotContain(objects.Names, name => name.Contains("/._ended-", StringComparison.Ordinal));
    }

    // The job is given up meanwhile, and a retry with one partition less succeeds.
    [Fact]
    public async Task Publish_ARetrySucceededWhileThePublisherStoodStill_LeavesItsOutput()
    {
        var job = Job();
        PublishedOutput? retried = null;

        await Assert.ThrowsAnyAsync<IOException>(() => Publish(job, isWanted: async () =>
        {
            await Publisher().Clear(job, default);
            retried = await Publisher().Publish(
                job with { State = job.State with { Epoch = 2 } }, Plan,
                [.. Enumerable.Range(0, Partitions - 1).Select(number => Committed(job, number))], () => Task.FromResult(true),
                default);
            return true;
        }));

        Assert.Equal(retried!.Result.Files, (await new PublishedObjects(objects).Read(PathOf(Manifest(job)), default))!.Files);
        Assert.All(
            retried.Result.Files,
            file => Assert.Contains(objects.Names, name => name.EndsWith(file.Path, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Publish_ManifestIsThereWhenItIsCreated_IsRefusedUnlessItSaysTheSame()
    {
        var job = Job();

        await Assert.ThrowsAnyAsync<IOException>(() =>
        {
            objects.OnChange = (what, path) =>
            {
                if (what == "create")
                {
                    objects.Put($"{path}", """{"rows":1,"bytes":1,"columns":[],"files":[]}""");
                }
            };
            return Publish(job);
        });
        objects.OnChange = (_, _) => { };
        var output = await Publish(job);

        Assert.Equal(Partitions, output!.Result.Files.Count);
        Assert.Equal(output.Result.Files, (await new PublishedObjects(objects).Read(PathOf(Manifest(job)), default))!.Files);
    }

    [Fact]
    public async Task Publish_Overwrite_RemovesWhatManifestsOfJobsNameAndNothingElse()
    {
        var earlier = Job();
        await Publish(earlier);
        objects.Put($"{Place}/mine.csv", "nobody's");
        objects.Put($"{Place}/part-{JobId.New()}-00000-1-000.csv", "of a job whose manifest is not there");
        objects.Put(
            $"{Place}/_manifest-{JobId.New()}.json",
            """{"rows":1,"bytes":1,"columns":[],"files":[{"path":"../x.csv","rows":1,"bytes":1,"sha256":"00"}]}""");
        objects.Put("s3://atlas/open/x.csv", "outside");

        var output = await Publish(Job(mode: OutputMode.Overwrite));

        Assert.DoesNotContain(Published(), name => name.Contains(earlier.State.Id.Value, StringComparison.Ordinal));
        Assert.Contains($"{Place}/mine.csv", Published());
        Assert.Contains("s3://atlas/open/x.csv", objects.Names);
        Assert.Equal(Partitions + 1 + 2, Published().Count);
        Assert.Contains("../x.csv", Assert.Single(output!.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_OverwriteCutOffBeforeItRemovedTheEarlier_DoneAgainRemovesIt()
    {
        var (earlier, job) = (Job(), Job(mode: OutputMode.Overwrite));
        await Publish(earlier);
        objects.OnChange = (what, path) =>
        {
            if (what == "delete" && path.Key.Contains(earlier.State.Id.Value, StringComparison.Ordinal))
            {
                throw new ObjectStoreException("away", ObjectStoreFault.Away);
            }
        };
        var first = await Publish(job);
        objects.OnChange = (_, _) => { };

        await Publish(job);

        Assert.Contains("could not be removed yet", Assert.Single(first!.Notes), StringComparison.Ordinal);
        Assert.DoesNotContain(Published(), name => name.Contains(earlier.State.Id.Value, StringComparison.Ordinal));
        Assert.Equal(Partitions + 1, Published().Count);
    }

    [Fact]
    public async Task Publish_LateAfterAnotherJobHasOverwritten_DoesNotBringItsManifestBack()
    {
        var (late, job) = (Job(mode: OutputMode.Append), Job(mode: OutputMode.Overwrite));
        await Publish(late);
        await Publish(job);

        await Assert.ThrowsAsync<ClusterException>(() => Publish(late));

        Assert.Equal([Manifest(job)], Published().Where(name => name.Contains("/_manifest-", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("year/mine.csv", true)]
    [InlineData("mine.csv", true)]
    [InlineData(".hidden/mine.csv", false)]
    [InlineData("folder/", false)]
    public async Task Publish_ErrorIfExistsOverAnObjectOfNobody_IsRefusedUnlessItIsHidden(string name, bool isTaken)
    {
        objects.Put($"{Place}/{name}", "nobody's");

        var publish = () => Publish(Job());

        if (isTaken)
        {
            Assert.Equal(Contracts.ProblemCode.OutputExists, (await Assert.ThrowsAsync<ClusterException>(publish)).Code);
        }
        else
        {
            Assert.NotNull(await publish());
        }
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, "id\nX\n")]
    [InlineData(true, "id\nX\n")]
    public async Task Publish_ArtifactIsGoneOrDifferent_NamesItsProducer(bool keepsObjects, string? content)
    {
        var job = Job(keepsObjects);
        Put(job, keepsObjects, 1, content);

        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() => Publish(job, keepsObjects));

        Assert.Equal(new AttemptId(new TaskId(job.State.Id, 0, 1), 1), lost.Producer);
        Assert.DoesNotContain(Manifest(job), Published());
    }

    [Fact]
    public async Task Find_OutputOfJobs_IsWhatManifestsName()
    {
        var job = Job();
        await Publish(job);
        await Publish(Job(mode: OutputMode.Append), isWanted: () => Task.FromResult(false));
        var roots = new ObjectRoots(objects, Options.Create(new S3Options { Roots = ["s3://atlas/open"] }));

        var asFolder = await roots.Find(PathOf(Place), 100, default);
        var asPattern = await roots.Find(PathOf($"{Place}/*.csv"), 100, default);

        Assert.Equal(Partitions, asFolder.Count);
        Assert.All(asFolder, stamp => Assert.Contains(job.State.Id.Value, stamp.Path, StringComparison.Ordinal));
        Assert.Equal(asFolder, asPattern);
    }

    private static async Task<bool> Cut(Func<Task<PublishedOutput?>> publish)
    {
        try
        {
            // After the manifest the job has succeeded, and what is cut off is tidying alone.
            return (await publish())!.Notes.Count > 0;
        }
        catch (ObjectStoreException)
        {
            return true;
        }
    }

    private static S3Path PathOf(string address) => S3Path.TryParse(address, out var path) ? path : default;

    private static string Manifest(JobRecord job) => $"{Place}/{OutputNames.Manifest(job.State.Id)}";

    // All that is not hidden.
    private List<string> Published() => [.. objects.Names.Where(name => name.StartsWith(Place, StringComparison.Ordinal)
        && !name.Contains("/.", StringComparison.Ordinal))];

    private ClusterPaths Paths(bool keepsObjects) => new(Settings(keepsObjects));

    private IOptions<ClusterSettings> Settings(bool keepsObjects) => Options.Create(new ClusterSettings
    {
        StateDirectory = Path.Combine(root, "state"), DataRoots = [root],
        ArtifactStore = keepsObjects ? "s3://atlas/artifacts" : null,
    });

    private OutputPublisher Publisher(bool keepsObjects = false)
    {
        var paths = Paths(keepsObjects);
        var open = new ObjectRoots(objects, Options.Create(new S3Options { Roots = ["s3://atlas/open"] }), paths);
        return TestOutputs.Publisher(
            paths, new DataRoots(paths, objects: open), Settings(keepsObjects), TimeProvider.System, objects);
    }

    private Task<PublishedOutput?> Publish(JobRecord job, bool keepsObjects = false, Func<Task<bool>>? isWanted = null) =>
        Publisher(keepsObjects).Publish(
            job, Plan, [.. Enumerable.Range(0, Partitions).Select(number => Committed(job, number))],
            isWanted ?? (() => Task.FromResult(true)), default);

    private JobRecord Job(bool keepsObjects = false, OutputMode mode = OutputMode.ErrorIfExists)
    {
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert,
            Output = new OutputSpec { Path = Place, Format = OutputFormat.Csv, Mode = mode },
        };
        var made = TestJobs.New(JobPhase.Publishing, spec: spec, createdAt: DateTimeOffset.UtcNow);
        var job = new JobRecord(made.State, spec, Owner: null, HasPlan: true);
        for (var number = 0; number < Partitions; number++)
        {
            Put(job, keepsObjects, number, Content(number));
        }

        return job;
    }

    private void Put(JobRecord job, bool keepsObjects, int number, string? content)
    {
        var path = Paths(keepsObjects).Artifact($"{job.State.Id}/0/{number}/1/result.csv");
        if (keepsObjects && content is null)
        {
            objects.Delete(PathOf(path), default);
        }
        else if (keepsObjects)
        {
            objects.Put(path, content!);
        }
        else if (content is null)
        {
            File.Delete(path);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }
    }

    private static string Content(int number) => string.Create(CultureInfo.InvariantCulture, $"id\n{number}\n");

    private static PartitionRecord Committed(JobRecord job, int number)
    {
        var bytes = Encoding.UTF8.GetBytes(Content(number));
        return TestJobs.Partition(job.State.Id, number) with
        {
            State = PartitionState.Committed,
            Attempt = 1,
            ArtifactFolder = $"{job.State.Id}/0/{number}/1",
            Manifest = new TaskManifest
            {
                RowsOut = 1,
                Files = [new ArtifactFile(
                    "result.csv", 0, 1, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)))],
            },
        };
    }
}
