using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.UnitTests.Execution;

public sealed class CallerTurnsTests
{
    private readonly CallerTurns turns = new(places: 2, placesPerCaller: 1);

    [Fact]
    public async Task Enter_ManyQuestionsOfOneCaller_LeaveAPlaceToTheOthers()
    {
        var greedy = Enumerable.Range(0, 50).Select(_ => turns.Enter("greedy", default)).ToList();

        using var other = await turns.Enter("other", default)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(1, greedy.Count(question => question.IsCompleted));
    }

    [Fact]
    public async Task Enter_CallersThatWait_TakeTurnsWhateverTheNumberOfTheirQuestions()
    {
        var one = new CallerTurns(places: 1, placesPerCaller: 1);
        var first = await one.Enter("a", default);
        var served = new List<string>();
        var all = new List<Task>();
        foreach (var name in (string[])["a", "a", "a", "b", "c"])
        {
            all.Add(Ask(name));
        }

        first.Dispose();
        await Task.WhenAll(all);

        Assert.Equal(["a", "b", "c", "a", "a"], served);

        async Task Ask(string name)
        {
            using var turn = await one.Enter(name, default);
            served.Add(name);
        }
    }

    [Fact]
    public async Task Enter_CallersWithoutNames_HaveAllPlaces()
    {
        using var first = await turns.Enter(null, default);
        using var second = await turns.Enter(null, default)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.False(turns.Enter(null, default).IsCompleted);
    }

    [Fact]
    public async Task Enter_GivenUp_TakesNoTurn()
    {
        using var held = await turns.Enter("a", default);
        using var patience = new CancellationTokenSource();
        var waiting = turns.Enter("a", patience.Token);

        await patience.CancelAsync();
        held.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        using var next = await turns.Enter("a", default)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
