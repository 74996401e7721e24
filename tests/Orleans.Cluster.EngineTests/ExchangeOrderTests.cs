using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>The rows of a task go to their targets, each once, in their order.</summary>
public sealed class ExchangeOrderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-exchange-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    public async Task Run_RowsForManyTargets_KeepTheirOrderInEachFile(int targets)
    {
        const int Rows = 300_000;
        using var executor = new LocalExecutor();

        var outcome = await executor.RunAsync(Spread(Rows, targets), null, TestContext.Current.CancellationToken);

        Assert.Null(outcome.Failure);
        Assert.Equal(Enumerable.Range(0, targets), outcome.Manifest!.Files.Select(file => file.Target));
        Assert.Equal(["a"], outcome.Manifest.Columns.Select(column => column.Name));
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [folder] });
        foreach (var file in outcome.Manifest.Files)
        {
            var wrong = session.QueryInt64(
                "SELECT count(*) FILTER (a <= before OR hash(a) % " + targets + $" <> {file.Target}) "
                + $"FROM (SELECT a, lag(a) OVER () AS before FROM "
                + $"{SqlText.Literal(Path.Combine(folder, "attempt", file.Path))})");
            Assert.Equal(0, wrong);
        }

        Assert.Equal(Rows, outcome.Manifest.RowsOut);
    }

    private TaskSpec Spread(int rows, int targets) => new()
    {
        Attempt = new AttemptId(new TaskId(JobId.New(), 0, 0), 1),
        Query = $"SELECT range AS a, CAST(hash(range) % {targets} AS INTEGER) AS {TaskOutput.TargetColumn} FROM range({rows})",
        Inputs = [],
        Output = new TaskOutput { Kind = OutputKind.Exchange, Targets = targets },
        AttemptFolder = Path.Combine(folder, "attempt"),
        ScratchFolder = Path.Combine(folder, "scratch"),
        MemoryBytes = 1L << 30,
    };
}
