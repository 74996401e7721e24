using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Worker;

namespace Orleans.Cluster.UnitTests.Execution;

/// <summary>Questions to executors that do not answer: scripts in their place.</summary>
public sealed class PlanningExecutorTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-silent-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Parse_CallerGivesUp_DoesNotWaitForTheEngine()
    {
        await using var engine = Engine("while read -r line; do :; done");
        using var caller = new CancellationTokenSource();
        var question = engine.Parse("SELECT 1", caller.Token);

        caller.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            question.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    // 75: nobody renewed its deadline; 9: somebody outside killed it. That says nothing of the question, which is asked again,
    // but not for ever. What crashed alone is refused.
    [Theory]
    [InlineData("exit 75", 5, "executor-crashed")]
    [InlineData("kill -9 $$", 5, "executor-crashed")]
    [InlineData("exit 3", 1, "query-invalid")]
    [InlineData("kill -11 $$", 1, "query-invalid")]
    public async Task Parse_ExecutorEnds_IsAskedAgainWhenTheQuestionIsNotToBlame(string end, int starts, string code)
    {
        await using var engine = Engine(end);

        var failure = await Assert.ThrowsAsync<ClusterException>(() =>
            engine.Parse("SELECT 1", TestContext.Current.CancellationToken));

        Assert.Equal(code, failure.Code.Word);
        Assert.Equal(starts, Starts.Length);
    }

    // The process that they shared may have ended by another's question: each is asked again, of a process that has nothing else.
    [Fact]
    public async Task Probe_SharedExecutorEnds_IsAskedAgainAlone()
    {
        await using var engine = Engine("exit 3");

        var failure = await Assert.ThrowsAsync<ClusterException>(
            () => engine.Probe(new ProbeRequest(new SourceSpec { Path = ["a.csv"] }, []), TestContext.Current.CancellationToken));

        Assert.Equal("dataset-not-readable", failure.Code.Word);
        Assert.Equal(2, Starts.Length);
    }

    [Fact]
    public async Task Parse_EngineDoesNotComeBack_IsRefusedAndItsProcessReplaced()
    {
        await using var engine = Engine(
            "while read -r line; do :; done",
            new ExecutorOptions { Planners = 1, QueryTimeout = TimeSpan.FromMilliseconds(200) });

        for (var i = 0; i < 2; i++)
        {
            var failure = await Assert.ThrowsAsync<ClusterException>(() =>
                engine.Parse("SELECT 1", TestContext.Current.CancellationToken));

            Assert.Equal("query-invalid", failure.Code.Word);
            Assert.Contains("Executor:QueryTimeout", failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, Starts.Length);
    }

    [Fact]
    public async Task Parse_EngineHoldsTooMuchMemory_IsRefused()
    {
        await using var engine = Engine("while read -r line; do :; done", new ExecutorOptions { PlanningMemoryBytes = 1 });

        var failure = await Assert.ThrowsAsync<ClusterException>(() =>
            engine.Parse("SELECT 1", TestContext.Current.CancellationToken));

        Assert.Equal("query-invalid", failure.Code.Word);
        Assert.Contains("Executor:PlanningMemoryBytes", failure.Message, StringComparison.Ordinal);
        Assert.Single(Starts);
    }

    [Fact]
    public async Task FindFault_QuestionIsNotAnswered_SaysForHowLong()
    {
        await using var engine = Engine("while read -r line; do :; done", new ExecutorOptions { StartTimeout = TimeSpan.Zero });
        using var caller = new CancellationTokenSource();
        Assert.Null(engine.FindFault());

        var question = engine.Parse("SELECT 1", caller.Token);

        Assert.NotNull(engine.FindFault());
        caller.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => question);
        Assert.Null(engine.FindFault());
    }

    private string[] Starts => File.ReadAllLines(Path.Combine(folder, "starts"));

    private PlanningExecutor Engine(string script, ExecutorOptions? options = null)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The executors are shell scripts.");
        var path = Path.Combine(folder, "executor");
        File.WriteAllText(path, $"#!/bin/sh\necho started >> '{folder}/starts'\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return new PlanningExecutor(
            new ExecutorProgram(Options.Create(new ClusterSettings { ExecutorPath = path })),
            Options.Create(options ?? new ExecutorOptions()),
            Options.Create(new QueueOptions()), TimeProvider.System, NullLogger<PlanningExecutor>.Instance);
    }
}
