using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>The rows of a task go to their targets, each once, in their order.</summary>
public sealed class ExchangeOrderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-exchange-").FullName;

    private readonly AttemptId writer = new(new TaskId(JobId.New(), 0, 0), 1);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    public async Task Run_RowsForManyTargets_KeepTheirOrderInEachTarget(int targets)
    {
        const int Rows = 300_000;
        using var executor = new LocalExecutor();

        var outcome = await executor.RunAsync(Spread(Rows, targets), null, TestContext.Current.CancellationToken);

        Assert.Null(outcome.Failure);
        var file = Assert.Single(outcome.Manifest!.Files);
        Assert.Equal(Enumerable.Range(0, targets), file.Parts().Select(part => part.Target));
        Assert.Equal(["a"], outcome.Manifest.Columns.Select(column => column.Name));
        for (var target = 0; target < targets; target++)
        {
            var read = await executor.RunAsync(Ordered(outcome.Manifest, file, target, targets), null,
                TestContext.Current.CancellationToken);
            Assert.Null(read.Failure);
            Assert.Equal(0, read.Manifest!.RowsOut);
        }

        Assert.Equal(Rows, outcome.Manifest.RowsOut);
    }

    // Rows of a target that are another's, or in front of one that came before them.
    private TaskSpec Ordered(TaskManifest made, ArtifactFile file, int target, int targets)
    {
        var slice = ExchangeSlice.Parse(file.Index!);
        var part = slice.Parts[target];
        var read = new ArtifactRef(
            writer, Path.Combine(folder, "attempt", file.Path), part.Rows, part.Bytes, file.Sha256)
        {
            Slice = slice with { Parts = [part] },
        };
        return Spread(0, targets) with
        {
            Attempt = new AttemptId(new TaskId(writer.Task.Job, 1, target), 1),
            Query = "SELECT a FROM (SELECT a, lag(a) OVER () AS before FROM rows) "
                + $"WHERE a <= before OR hash(a) % {targets} <> {target}",
            Inputs = [new TaskInput("rows", null, new ExchangeInput(made.Columns, [read]))],
            Output = new TaskOutput { Kind = OutputKind.Single },
            AttemptFolder = Path.Combine(folder, "read"),
        };
    }

    private TaskSpec Spread(int rows, int targets) => new()
    {
        Attempt = writer,
        Query = $"SELECT range AS a, CAST(hash(range) % {targets} AS INTEGER) AS {TaskOutput.TargetColumn} FROM range({rows})",
        Inputs = [],
        Output = new TaskOutput { Kind = OutputKind.Exchange, Targets = targets },
        AttemptFolder = Path.Combine(folder, "attempt"),
        ScratchFolder = Path.Combine(folder, "scratch"),
        MemoryBytes = 1L << 30,
    };
}
