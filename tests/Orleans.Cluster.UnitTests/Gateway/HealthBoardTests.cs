using Microsoft.Extensions.Time.Testing;
using Orleans.Cluster.Gateway.Operators;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class HealthBoardTests
{
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public void Find_NeverLookedAt_IsDown() => Assert.Equal("DOWN", new HealthBoard(clock).Find("queue").State);

    [Theory]
    [InlineData(10, "UP")]
    [InlineData(11, "DOWN")]
    public void Find_TheProbeDoesNotComeBack_IsDownAfterTenSeconds(int seconds, string expected)
    {
        var board = new HealthBoard(clock);
        board.Note("queue", fault: null);

        clock.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(expected, board.Find("queue").State);
    }

    [Fact]
    public void Find_TheLastProbeFailed_SaysWhy()
    {
        var board = new HealthBoard(clock);
        board.Note("storage", fault: null);
        board.Note("storage", "The database does not answer.");

        Assert.Equal(new HealthPart("DOWN", "The database does not answer."), board.Find("storage"));
    }
}
