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

/// <summary>A Publisher over folders of its own, and jobs of three partitions for it.</summary>
public abstract class OutputPublisherHarness : IDisposable
{
    private protected const int Partitions = 3;
    private protected static JobPlan Plan { get; } = new()
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

    private protected string Root { get; } = Directory.CreateTempSubdirectory("publish-").FullName;

    private protected ClusterPaths Paths { get; }

    private protected OutputPublisher Publisher { get; }

    private protected OutputPublisherHarness()
    {
        var settings = Options.Create(
            new ClusterSettings { StateDirectory = Path.Combine(Root, "state"), DataRoots = [Root], OutputFileMode = "0640" });
        Paths = new ClusterPaths(settings);
        Publisher = TestOutputs.Publisher(Paths, new DataRoots(Paths), settings, TimeProvider.System);
    }

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected async Task<JobResult?> Publish(JobRecord job, Func<Task<bool>>? isWanted = null) =>
        (await PublishOutput(job, isWanted))?.Result;

    private protected Task<PublishedOutput?> PublishOutput(JobRecord job, Func<Task<bool>>? isWanted = null) => Publisher.Publish(
        job, Plan, [.. Enumerable.Range(0, Partitions).Select(number => Committed(job.State.Id, number, attempt: 4))],
        isWanted ?? (() => Task.FromResult(true)), default);

    private protected void WriteManifest(JobId job, params string[] files) => File.WriteAllText(
        Path.Combine(Root, "out", OutputNames.Manifest(job)),
        System.Text.Json.JsonSerializer.Serialize(
            new JobResult(1, 1, [], [.. files.Select(file => new ResultFile(file, 1, 1, ""))]), WireJson.Options));

    private protected ResultFile AsPublished(string file)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Root, "out", file));
        return new ResultFile(file.TrimStart('.'), 1, bytes.Length, Hash(bytes));
    }

    // A job whose last stage has committed, with its artifacts.
    private protected JobRecord Job(OutputMode mode = OutputMode.ErrorIfExists, string? output = "out")
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
            var folder = Directory.CreateDirectory(Path.Combine(Paths.Artifacts, partition.ArtifactFolder!));
            File.WriteAllText(Path.Combine(folder.FullName, "result.csv"), Text(number));
        }

        return new JobRecord(job.State, spec, Owner: null, HasPlan: true);
    }

    private protected PartitionRecord Committed(JobId job, int number, int attempt, string? text = null)
    {
        var bytes = Encoding.UTF8.GetBytes(text ?? Text(number));
        var folder = $"{job}/1/{number}/{attempt}";
        if (text is not null)
        {
            Directory.CreateDirectory(Path.Combine(Paths.Artifacts, folder));
            File.WriteAllBytes(Path.Combine(Paths.Artifacts, folder, "result.csv"), bytes);
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

    private protected static string Text(int number) => $"n\n{number}{new string('x', 300_000)}\n";

    private protected static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private protected List<string> Files() => Directory.Exists(Path.Combine(Root, "out"))
        ? [.. Directory.EnumerateFiles(Path.Combine(Root, "out")).Select(path => Path.GetFileName(path))
            .Where(file => !file.StartsWith("._", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
        : [];
}
