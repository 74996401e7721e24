using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.StorageTests.Campaign;

/// <summary>
/// One job from its start to its end, with faults at moments drawn from the seed, and then a calm in which it must end well.
/// </summary>
internal sealed class FaultRound(FaultWorld world, string folder, IDictionary<JobId, JobResult> published)
{
    private const int MaxSteps = 400;
    private readonly List<(AttemptCommit Commit, Func<Task> Late)> frozen = [];
    private readonly List<string> foreign = [];
    private readonly List<Activation> activations = [];
    private JobId id;
    private int workers;
    private TimeSpan acceptedAt;
    private TimeSpan? limit;
    private OutputMode mode;

    /// <summary>What was done, for whoever has to read a failure.</summary>
    public List<string> Log { get; } = [];

    private string Folder => Path.Combine(world.Root, folder);

    public async Task Run()
    {
        await Submit();
        foreach (var step in Enumerable.Range(0, world.Random.Next(10, 60)))
        {
            await Step();
            await Happen();
        }

        var state = await Calm();
        CheckFolder(state);
        for (var retries = 0; state.Phase != JobPhase.Succeeded && retries < 2; retries++)
        {
            Log.Add($"{state.Phase}: {state.Error?.Detail}; retry");
            Assert.False(state.Error?.Code == Contracts.ProblemCode.JobTimeout.Word
                && world.Uptime - acceptedAt < (limit ?? TimeSpan.MaxValue) * 0.9, "A clock that was set has failed the job.");
            await activations[0].Decide(new RetryRequested(HasPlan: true, DeadlineAt: null, []));
            limit = null;
            state = await Calm();
            CheckFolder(state);
        }

        await GoOn(state);
        CheckFolder((await world.Jobs.Find(id, default))!.State);
    }

    private async Task Submit()
    {
        mode = (OutputMode)world.Random.Next(3);
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert, Output = new OutputSpec { Path = folder, Format = OutputFormat.Csv, Mode = mode },
        };
        var stored = await world.Jobs.Create(TestJobs.New(spec: spec, createdAt: world.Clock.GetUtcNow()), default);
        id = stored.State.Id;
        acceptedAt = world.Uptime;
        limit = world.Chance(0.3) ? TimeSpan.FromMinutes(30) : null;
        var partitions = world.Random.Next(1, 6);
        await world.Jobs.Apply(
            stored.State with
            {
                Phase = JobPhase.Running, Stages =
                    [new StageState(0, StagePhase.Open, partitions)], DeadlineAt = world.Clock.GetUtcNow() + limit,
            },
            change => change with
            {
                OpenPartitions = [.. Enumerable.Range(0, partitions).Select(number => TestJobs.Partition(id, number))],
            });
        activations.AddRange([new Activation(world, id) { Freezes = 0.3 }, new Activation(world, id) { Freezes = 0.1 }]);
        Log.Add($"{mode} into {folder}, {partitions} partitions");
    }

    private async Task Step()
    {
        world.Pass(TimeSpan.FromSeconds(world.Random.Next(1, 20)));
        await Activate(world.Random.Next(2));
        await Work(calm: false);
    }

    // A publisher that stands still keeps its activation; a process that is gone has another in its place.
    private async Task Activate(int index)
    {
        if (activations[index].IsFrozen)
        {
            activations.Add(activations[index]);
            activations[index] = new Activation(world, id);
        }

        await activations[index].Look();
    }

    private async Task Work(bool calm)
    {
        var job = (await world.Jobs.Find(id, default))!.State;
        var worker = new WorkerId($"w-{++workers}");
        foreach (var begun in await world.Checkpoints.Begin(
            new BeginRequest(id, job.Epoch, 0, world.Random.Next(1, 4), worker, world.Clock.GetUtcNow()), default))
        {
            await End(begun, job.Epoch, calm);
        }
    }

    private async Task End(PartitionRecord begun, int epoch, bool calm)
    {
        var commit = world.WriteArtifact(begun, epoch);
        var attempt = TestJobs.AttemptOf(begun);
        switch (calm ? 9 : world.Random.Next(10))
        {
            case 0:
                Log.Add($"worker of {attempt} died");
                await world.Checkpoints.Release(
                    new WorkerRelease(begun.Worker!.Value, [attempt], world.Clock.GetUtcNow(), HasDied: true), default);
                break;
            case 1:
                Log.Add($"worker of {attempt} stands still");
                await world.Checkpoints.Release(
                    new WorkerRelease(begun.Worker!.Value, [attempt], world.Clock.GetUtcNow()), default);
                frozen.Add((commit, () => world.Checkpoints.Commit(commit, default)));
                break;
            case 2:
                Log.Add($"the store is full for {attempt}");
                await world.Checkpoints.End(
                    new AttemptEnd(
                        attempt, begun.Worker!.Value, new AttemptFailure(FailureKind.Storage, "disk full"), null,
                        world.Clock.GetUtcNow()), default);
                break;
            default:
                await world.Checkpoints.Commit(commit, default);
                break;
        }
    }

    private async Task Happen()
    {
        switch (world.Random.Next(14))
        {
            case 0:
                var committed = (await world.Checkpoints.List(id, 0, default))
                    .Where(partition => partition.State == PartitionState.Committed).ToList();
                if (committed.Count > 0)
                {
                    var victim = committed[world.Random.Next(committed.Count)];
                    Log.Add($"artifact of {victim.Task} harmed");
                    world.Harm(Path.Combine(world.Paths.Artifacts, victim.ArtifactFolder!, "result.csv"));
                }

                break;
            case 1:
                AddForeign();
                break;
            case 2:
                Log.Add("clock set");
                world.SetClock(TimeSpan.FromHours(world.Random.Next(-3, 4)));
                break;
            case 3:
                await world.Sweep();
                break;
            case 4 when world.Chance(0.3):
                Log.Add("cancel");
                await activations[0].Decide(new CancelRequested(world.Clock.GetUtcNow()));
                break;
            case 5 when activations.Exists(activation => activation.IsFrozen) && world.Chance(0.5):
                Log.Add("the job is given up while a publisher stands still");
                await activations[1]
                    .Decide(new JobRefused(
                        ProblemDocument.Of(Contracts.ProblemCode.Internal, "given up"), world.Clock.GetUtcNow()));
                await Activate(1);
                break;
            case 6 when frozen.Count > 0:
                Log.Add($"{frozen[0].Commit.Attempt} goes on");
                await frozen[0].Late();
                frozen.RemoveAt(0);
                break;
            case 8 when activations.Find(activation => activation.IsFrozen) is { } still:
                Log.Add("a publisher goes on");
                await still.Thaw();
                break;
            case 7 when Directory.Exists(Folder):
                // Hidden files of the job are what a publisher is just working on.
                var parts = Directory.GetFiles(Folder, $".part-{id}-*");
                if (parts.Length > 0)
                {
                    Log.Add("a hidden file is gone or shorter");
                    world.Harm(parts[world.Random.Next(parts.Length)], kinds: 2);
                }

                break;
        }
    }

    private void AddForeign()
    {
        var name = world.Random.Next(3) switch
        {
            0 => $"mine-{Guid.NewGuid():N}.csv",
            1 => OutputNames.Manifest(JobId.New()),
            _ => $"sub/mine-{Guid.NewGuid():N}.csv",
        };
        Log.Add($"{name} of somebody");
        var path = Path.Combine(Folder, name);
        FaultWorld.Write(path, "this is somebody's");
        foreign.Add(path);
    }

    // Nothing happens any more: the job must come to an end.
    private async Task<JobState> Calm()
    {
        foreach (var activation in activations)
        {
            activation.Freezes = 0;
        }

        for (var step = 0; step < MaxSteps; step++)
        {
            world.Pass(TimeSpan.FromSeconds(20));
            await Activate(step % 2);
            await Work(calm: true);
            if ((await world.Jobs.Find(id, default))!.State is { } state && state.Phase.IsTerminal())
            {
                await Activate(step % 2);
                return (await world.Jobs.Find(id, default))!.State;
            }
        }

        throw new InvalidOperationException(
            $"The job is still {(await world.Jobs.Find(id, default))!.State.Phase} after {MaxSteps} looks in calm.");
    }

    // Whatever stood still goes on at last. It must change nothing.
    private async Task GoOn(JobState state)
    {
        foreach (var activation in activations)
        {
            await activation.Thaw();
        }

        foreach (var (_, late) in frozen)
        {
            await late();
        }

        var after = (await world.Jobs.Find(id, default))!.State;
        Assert.Equal((state.Phase, state.Epoch), (after.Phase, after.Epoch));
        if (after.Phase != JobPhase.Succeeded)
        {
            world.Pass(TimeSpan.FromMinutes(6)); // The janitor's second look.
            await world.Sweep();
        }
    }

    private void CheckFolder(JobState state)
    {
        if (state.Phase == JobPhase.Succeeded)
        {
            if (mode == OutputMode.Overwrite)
            {
                published.Clear();
            }

            published[id] = state.Result!;
        }

        if (!Directory.Exists(Folder))
        {
            Assert.Empty(published);
            return;
        }

        var visible = Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
            .Where(path => !Path.GetFileName(path).StartsWith('.')).ToHashSet();
        Assert.All(foreign, path => Assert.Equal("this is somebody's", File.ReadAllText(path)));
        foreach (var (job, result) in published)
        {
            Assert.Equal(result.Files, ManifestFile.TryRead(Path.Combine(Folder, OutputNames.Manifest(job)))?.Files);
            Assert.All(result.Files,
                file => Assert.Equal(file.Sha256, FaultWorld.Hash(File.ReadAllText(Path.Combine(Folder, file.Path)))));
        }

        var named = published.SelectMany(pair => pair.Value.Files.Select(file => file.Path)
            .Append(OutputNames.Manifest(pair.Key))).Select(name => Path.Combine(Folder, name));
        var unnamed = visible.Except(named)
            .Where(path => OutputNames.JobOfPart(Path.GetFileName(path)) is not null
                || Path.GetFileName(path).Contains(id.Value, StringComparison.Ordinal));
        Assert.Empty(unnamed);
        if (state.Phase == JobPhase.Succeeded)
        {
            Assert.Equal(state.Result!.Files.Count, state.Stages[0].Partitions);
            Assert.Equal(
                published.OrderBy(pair => pair.Key)
                .SelectMany(pair => pair.Value.Files.Select(file => Path.Combine(Folder, file.Path))).Order(),
                world.Roots.Resolve(new SourceSpec { Path = [folder] }, "/source", default).Select(file => file.Path).Order());
        }
    }
}
