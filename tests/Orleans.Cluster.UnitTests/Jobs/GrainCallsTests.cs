using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Runtime;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class GrainCallsTests
{
    [Fact]
    public async Task OrElse_GrainDoesNotAnswer_SaysWhatIsKnownOtherwise()
    {
        var silent = new TaskCompletionSource<string>();

        Assert.Equal("row", await Ask(() => silent.Task));
        Assert.Equal("row", await Ask(() => throw new SiloUnavailableException()));
        Assert.Equal("grain", await Ask(() => Task.FromResult("grain")));
    }

    [Fact]
    public Task OrElse_GrainRefuses_IsTheRefusal() => Assert.ThrowsAsync<ClusterException>(
        () => Ask(() => throw new ClusterException(Contracts.ProblemCode.JobNotFound, "There is no such job.")));

    private static Task<string> Ask(Func<Task<string>> call) =>
        GrainCalls.OrElse(call, TimeSpan.Zero, () => "row", TimeProvider.System, TestContext.Current.CancellationToken);
}
