using Orleans.Cluster.Engine.Execution;

namespace Orleans.Cluster.EngineTests;

/// <summary>Threads of the engine's calls are kept; what one call leaves in its context is no other's.</summary>
public sealed class EngineThreadsTests
{
    private static readonly AsyncLocal<string?> Mark = new();

    [Fact]
    public async Task Run_OneCallAfterAnother_EachHasItsOwnCallersContext()
    {
        Mark.Value = "first";
        var first = await EngineThreads.Run(() =>
        {
            var seen = Mark.Value;
            Mark.Value = "left behind";
            return seen;
        });
        Mark.Value = null;
        var others = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EngineThreads.Run(() => Mark.Value)));

        Assert.Equal("first", first);
        Assert.All(others, Assert.Null);
    }

    [Fact]
    public async Task Run_WorkThatThrows_ThrowsThatAndLeavesTheThread()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            EngineThreads.Run<int>(() => throw new InvalidOperationException("mine")));

        Assert.Equal("mine", thrown.Message);
        Assert.Equal(3, await EngineThreads.Run(() => 3));
    }
}
