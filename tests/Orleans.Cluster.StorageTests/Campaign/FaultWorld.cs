using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.StorageTests.Campaign;

/// <summary>
/// A database, an artifact store, output folders and clocks that faults happen to. Everything but the workers' computing and the
/// grains' activations is the product's own.
/// </summary>
internal sealed class FaultWorld : IAsyncDisposable, ILossJudge
{
    private readonly TestStorage storage;
    private readonly StoreWatch watch;
    private readonly JanitorService janitor;
    private readonly StoreMark mark;
    private DateTimeOffset wall = DateTimeOffset.UtcNow;

    public FaultWorld(TestStorage storage, Random random)
    {
        (this.storage, Random) = (storage, random);
        var settings = Options.Create(new ClusterSettings
        {
            StateDirectory = storage.StateFolder, ArtifactStore = Path.Combine(Root, "share"), DataRoots = [Root],
        });
        Paths = new ClusterPaths(settings);
        Clock = new SteadyClock(() => wall, () => Uptime);
        Roots = new DataRoots(Paths);
        var identities = storage.Services.GetRequiredService<IStoreIdentities>();
        var folders = new ArtifactFolders(Paths);
        mark = new StoreMark(Paths, identities, Jobs, folders);
        Cancelled = new CancelledArtifacts(folders, mark, Jobs);
        watch = new StoreWatch(
            mark, identities, Paths, new StoredFiles(), TimeProvider.System, NullLogger<StoreWatch>.Instance);
        Publisher = TestOutputs.Publisher(Paths, Roots, settings, Clock);
        var retention = Options.Create(new RetentionOptions { UnknownJobs = TimeSpan.Zero });
        janitor = new JanitorService(
            new ArtifactJanitor(Jobs, Checkpoints, folders, Publisher, retention, Clock, NullLogger<ArtifactJanitor>.Instance),
            mark,
            new ScratchSweeper(Paths, Clock, NullLogger<ScratchSweeper>.Instance),
            new RowPruning(
                storage.Services.GetRequiredService<IStorageUpkeep>(), storage.Services.GetRequiredService<IAuditLog>(),
                retention, Clock, NullLogger<RowPruning>.Instance),
            retention, Clock, NullLogger<JanitorService>.Instance);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("campaign-").FullName;

    public Random Random { get; }

    public ClusterPaths Paths { get; }

    public DataRoots Roots { get; }

    public SteadyClock Clock { get; }

    public OutputPublisher Publisher { get; }

    public ICancelledArtifacts Cancelled { get; }

    public TimeSpan Uptime { get; private set; } = TimeSpan.FromHours(1);

    public IJobStore Jobs => storage.Jobs;

    public ICheckpointStore Checkpoints => storage.Checkpoints;

    public Task Begin() => mark.Claim(default);

    public bool Chance(double share) => Random.NextDouble() < share;

    public void Pass(TimeSpan time)
    {
        Uptime += time;
        wall += time;
    }

    /// <summary>Somebody sets the machine's clock.</summary>
    public void SetClock(TimeSpan by) => wall += by;

    public Task Sweep() => janitor.Sweep(default);

    /// <summary>
    /// As if the database had been put back to a state from before a job: nothing of the job's may be deleted until somebody
    /// decides.
    /// </summary>
    public async Task<bool> LosesNothingWhenPutBack()
    {
        var job = JobId.New();
        var kept = Path.Combine(Paths.Artifacts, job.Value, "0", "0", "1", "result.csv");
        Write(kept, "of a later state");
        await Sweep();
        var removedWhileOurs = !File.Exists(kept);
        Write(kept, "of a later state");
        await storage.Database.WriteInAnyEpoch(
            async db =>
            {
                db.StoreMark.Single().Epoch = 0;
                return await db.SaveChangesAsync();
            },
            default);
        await Sweep();
        var isKept = File.Exists(kept);
        await mark.Adopt(default);
        await Sweep();
        return removedWhileOurs && isKept && !File.Exists(kept);
    }

    public async Task<LossVerdict> Judge(AttemptId producer, CancellationToken cancellationToken) =>
        await Checkpoints.Find(producer.Task, cancellationToken) is { State: PartitionState.Committed } partition
        && partition.Attempt == producer.Number && await watch.Look(partition, cancellationToken) == ArtifactSeen.Lost
            ? LossVerdict.Lost
            : LossVerdict.Unproven;

    /// <summary>What an attempt writes: its partition's row, whatever attempt it is.</summary>
    public static string Text(int partition) => $"n\n{partition}{new string('x', 50 + partition)}\n";

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    public AttemptCommit WriteArtifact(PartitionRecord partition, int epoch)
    {
        var (attempt, text) = (TestJobs.AttemptOf(partition), Text(partition.Task.Partition));
        var path = Path.Combine(Paths.Artifacts, attempt.ToString(), "result.csv");
        Write(path, text);
        using var written = Descriptors.TryOpenFile(path)!;
        var manifest = new TaskManifest
        {
            RowsIn = 1, RowsOut = 1,
            Files =
            [
                new ArtifactFile(
                    "result.csv", 0, 1, Encoding.UTF8.GetByteCount(text), Hash(text),
                    Identity: Chance(0.7) ? Descriptors.IdentityOf(written.SafeFileHandle) : null),
            ],
            Cost = new TaskCost(0, 0, 0, 0),
        };
        return new AttemptCommit(attempt, epoch, partition.Worker!.Value, attempt.ToString(), manifest, Clock.GetUtcNow());
    }

    /// <summary>Something happens to a file: it is gone, shorter, or has another byte.</summary>
    public void Harm(string path, int kinds = 3)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            switch (Random.Next(kinds))
            {
                case 0:
                    File.Delete(path);
                    break;
                case 1:
                    File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                    break;
                default:
                    bytes[Random.Next(bytes.Length)] ^= 0xff;
                    File.WriteAllBytes(path, bytes);

                    // Times of files are as coarse as some milliseconds.
                    File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(1));
                    break;
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // Harmed before.
        }
    }

    public static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public async ValueTask DisposeAsync()
    {
        watch.Dispose();
        janitor.Dispose();
        await storage.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}
