using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
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

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => question.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    // 75: nobody renewed its deadline, which says nothing of the question. It is asked again, but not for ever.
    [Theory]
    [InlineData(75, 5)]
    [InlineData(3, 1)]
    public async Task Parse_ExecutorEnds_IsAskedAgainWhenTheQuestionIsNotToBlame(int exitCode, int starts)
    {
        await using var engine = Engine($"echo started >> '{folder}/starts'\nexit {exitCode}");

        var failure = await Assert.ThrowsAsync<ClusterException>(() => engine.Parse("SELECT 1", TestContext.Current.CancellationToken));

        Assert.Equal(Contracts.ProblemCode.ExecutorCrashed, failure.Code);
        Assert.Equal(starts, File.ReadAllLines(Path.Combine(folder, "starts")).Length);
    }

    private PlanningExecutor Engine(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The executors are shell scripts.");
        var path = Path.Combine(folder, "executor");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return new PlanningExecutor(
            new ExecutorProgram(Options.Create(new ClusterSettings { ExecutorPath = path })), Options.Create(new ExecutorOptions()),
            Options.Create(new QueueOptions()), NullLogger<PlanningExecutor>.Instance);
    }
}
