using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Planning;

public sealed class DatasetPlanningTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orleans-cluster-planning-");
    private readonly StandingEngine engine = new();
    private readonly DatasetPlanning planning;
    private readonly SourceSpec source;

    public DatasetPlanningTests()
    {
        var path = Path.Combine(folder.FullName, "table.csv");
        File.WriteAllText(path, "k,v\n1,2\n");
        source = new SourceSpec { Path = [path] };
        var settings = new ClusterSettings
        {
            StateDirectory = Path.Combine(folder.FullName, "state"), DataRoots = [folder.FullName],
        };
        planning = new DatasetPlanning(new DataRoots(new ClusterPaths(Options.Create(settings))), engine, results: null!);
    }

    public void Dispose() => folder.Delete(recursive: true);

    // What a cancelled job asked must not keep an executor busy: after CANCELLED no process works for it.
    [Fact]
    public async Task Plan_ManyAskAndAllAreCancelled_TheEngineIsAskedOnceAndStops()
    {
        using var first = new CancellationTokenSource();
        using var others = new CancellationTokenSource();
        var one = Plan(first.Token);
        var rest = Enumerable.Range(0, 20).Select(_ => Plan(others.Token)).ToList();
        await engine.Asked.Task;

        // Each lists its files first: who comes after the first has left would ask anew.
        while (planning.Waiting < 21)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        Assert.False(engine.Given.IsCancellationRequested);
        await others.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(rest));

        Assert.True(engine.Given.IsCancellationRequested);
        Assert.Equal(1, engine.Probes);
    }

    private Task Plan(CancellationToken cancellationToken) =>
        planning.Plan(source, new PartitioningSpec(), "/source", cancellationToken);

    /// <summary>Never answers.</summary>
    private sealed class StandingEngine : IPlanningEngine
    {
        private int probes;

        public int Probes => probes;

        public CancellationToken Given { get; private set; }

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<DatasetProbe> Probe(ProbeRequest request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref probes);
            Given = cancellationToken;
            Asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException("It never answers.");
        }

        public Task<IReadOnlyList<AlignedRange>> Align(AlignRequest request, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ExportedRows> Export(ExportRequest request, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<TaskManifest> Run(TaskSpec task, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<JudgedRowGroups> Judge(RowGroupQuestion question, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<string> Parse(string sql, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<string> Render(string tree, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<ColumnSchema>> Bind(
            IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables, string sql, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
