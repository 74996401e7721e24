using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Worker;

namespace Orleans.Cluster.EngineTests;

/// <summary>Files that were exchanged between the look at their path and their opening, as an executor meets them.</summary>
public sealed class SourceGuardTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-guard-").FullName;

    private string Root => Path.Combine(folder, "data");

    public SourceGuardTests() => Directory.CreateDirectory(Root);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("a.csv")]
    [InlineData("a.parquet")]
    public async Task Probe_FileExchangedForALink_ReadsNothingOfWhereItLeads(string name)
    {
        await using var executor = Start();
        Write(Path.Combine(Root, name));
        var secret = Path.Combine(folder, "state", name);
        Directory.CreateDirectory(Path.Combine(folder, "state"));
        Write(secret);
        var before = await Probe(executor, name);
        File.Delete(Path.Combine(Root, name));
        File.CreateSymbolicLink(Path.Combine(Root, name), secret);

        var after = await Probe(executor, name);

        Assert.Equal(["secret"], before.Value?.Columns.Select(column => column.Name));
        Assert.Equal(Contracts.ProblemCode.PathNotAllowed.Word, after.Failure?.Code);
        Assert.DoesNotContain("\"secret\"", after.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ParquetExchangedForALink_ReadsNothingOfWhereItLeads()
    {
        await using var executor = Start();
        var (path, secret) = (Path.Combine(Root, "a.parquet"), Path.Combine(folder, "secret.parquet"));
        Write(path);
        Write(secret);
        File.Delete(path);
        File.CreateSymbolicLink(path, secret);
        var file = new SourceFile { Stamp = EngineHarness.Stamp(secret) with { Path = path }, RowCount = 1, Splittable = true };
        var scan = new ScanInput
        {
            Format = SourceFormat.Parquet, Columns = [new ColumnSchema("secret", "INTEGER")],
            Slices = [new FileSlice { File = file, Start = 0, End = 1, Unit = SliceUnit.Rows, Rows = 1 }],
        };

        var outcome = await executor.Executor.RunAsync(
            new TaskSpec
            {
                Attempt = new AttemptId(new TaskId(JobId.New(), 0, 0), 1), Query =
                    "SELECT * FROM source", Inputs = [new TaskInput("source", scan, null)],
                Output = new TaskOutput { Kind = OutputKind.Result }, AttemptFolder = Path.Combine(folder, "artifacts", "1"),
                ScratchFolder = Path.Combine(folder, "scratch", "1"), MemoryBytes = 512L << 20,
            },
            null, TestContext.Current.CancellationToken);

        Assert.Null(outcome.Manifest);
        Assert.Equal(Contracts.ProblemCode.PathNotAllowed.Word, outcome.Failure!.Code);
    }

    [Fact]
    public async Task Probe_FileExchangedForAPipe_DoesNotWait()
    {
        await using var executor = Start();
        using var pipe = System.Diagnostics.Process.Start("mkfifo", Path.Combine(Root, "a.csv"));
        await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);

        var answer = await Probe(executor, "a.csv").WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Contains("is a pipe", answer.Failure!.Message, StringComparison.Ordinal);
    }

    private async Task<EngineAnswer<DatasetProbe>> Probe(ExecutorProcess executor, string name)
    {
        var path = Path.Combine(Root, name);
        var real = new FileInfo(path).ResolveLinkTarget(true)?.FullName ?? path;
        return await executor.Executor.ProbeAsync(
            new ProbeRequest(new SourceSpec
            {
                Path = [path],
            }, [EngineHarness.Stamp(real) with { Path = path }]), TestContext.Current.CancellationToken);
    }

    private static void Write(string path)
    {
        if (path.EndsWith(".csv", StringComparison.Ordinal))
        {
            File.WriteAllText(path, "secret\n1\n");
            return;
        }

        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [Path.GetDirectoryName(path)!] });
        session.Execute($"COPY (SELECT 1 AS secret) TO {SqlText.Literal(path)} (FORMAT parquet)");
    }

    private ExecutorProcess Start() => ExecutorProcess.Start(
        PlanningProcessTests.Program, TimeSpan.FromMinutes(5), NullLogger.Instance, rules: new SourceRules
        {
            Roots = [Root], ClosedFolders = [], ClosedFiles = [], Sample = Path.Combine(folder, "none"),
            OwnFolders = [Path.Combine(folder, "artifacts"), Path.Combine(folder, "scratch")],
        });
}
