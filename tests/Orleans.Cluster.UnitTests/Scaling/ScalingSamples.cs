using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.UnitTests.Scaling;

/// <summary>Instances and workers for tests of scaling.</summary>
internal static class ScalingSamples
{
    public const string Machine = "here";

    public static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static readonly WorkerShape Shape = new(1, 1 << 30);

    public static DesiredState Desired(int workers) => DesiredState.Initial(new ConfiguredWorkers(workers, Shape));

    public static ScaleInstance Instance(int process, double ageSeconds = 100) => new()
    {
        Id = $"{process}",
        ProcessId = process,
        Machine = Machine,
        Shape = Shape,
        StartedAt = Now.AddSeconds(-ageSeconds),
    };

    public static ScaleInstance Ended(int process, double livedSeconds, double endedSecondsAgo, bool wasRequested = false) =>
        Instance(process, livedSeconds + endedSecondsAgo) with
        {
            End = new InstanceEnd(Now.AddSeconds(-endedSecondsAgo), wasRequested, $"process {process} ended with code 1"),
        };

    public static WorkerStatus WorkerOf(ScaleInstance instance, int busy = 0, WorkerState state = WorkerState.Active) => new()
    {
        Id = new WorkerId($"w-{instance.Id}"),
        Address = "127.0.0.1:1",
        State = state,
        Slots = 1,
        Busy = busy,
        Memory = new WorkerMemory(1 << 30, 0, 0),
        StartedAt = instance.StartedAt.AddSeconds(1),
        LastSeen = Now,
        ProcessId = instance.ProcessId ?? 0,
        Machine = instance.Machine,
    };

    public static ReconcileView View(
        IReadOnlyCollection<ScaleInstance> instances, IReadOnlyCollection<WorkerStatus> workers,
        IReadOnlyDictionary<string, DateTimeOffset>? leaving = null, IReadOnlySet<string>? stopping = null) => new(
        instances, workers, leaving ?? new Dictionary<string, DateTimeOffset>(), stopping ?? new HashSet<string>(),
        instances.Select(instance => instance.Id).ToHashSet(), TimeSpan.FromMinutes(10), Now);
}
