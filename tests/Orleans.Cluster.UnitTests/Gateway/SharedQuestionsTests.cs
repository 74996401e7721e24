using Microsoft.Extensions.Time.Testing;
using Orleans.Cluster.Grains;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class SharedQuestionsTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);
    private readonly FakeTimeProvider clock = new();
    private readonly TaskCompletionSource<int> answer = new();
    private readonly SharedQuestions<string, int> questions;
    private int asked;

    public SharedQuestionsTests() => questions = new(Linger, clock);

    [Fact]
    public async Task Ask_ManyAtOnce_AsksOnce()
    {
        var all = Enumerable.Range(0, 100).Select(_ => questions.Ask("a", Question, None)).ToList();
        answer.SetResult(7);

        Assert.All(await Task.WhenAll(all), given => Assert.Equal(7, given));
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Ask_AnotherQuestionOrAfterTheAnswer_AsksAnew()
    {
        answer.SetResult(7);

        await questions.Ask("a", Question, None);
        await questions.Ask("a", Question, None);
        await questions.Ask("b", Question, None);

        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task Ask_OneLeaves_TheOthersGetTheAnswer()
    {
        using var leaving = new CancellationTokenSource();
        var first = questions.Ask("a", Question, leaving.Token);
        var second = questions.Ask("a", Question, None);

        await leaving.CancelAsync();
        clock.Advance(2 * Linger);
        answer.SetResult(7);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(7, await second);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Ask_AllLeftAndOneComesInTime_JoinsTheSameQuestion()
    {
        await AskAndLeave();
        clock.Advance(Linger / 2);

        var second = questions.Ask("a", Question, None);
        clock.Advance(2 * Linger);
        answer.SetResult(7);

        Assert.Equal(7, await second);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Ask_AllLeftForTooLong_IsGivenUpAndAskedAnew()
    {
        await AskAndLeave();
        clock.Advance(2 * Linger);

        var second = questions.Ask("a", Question, None);
        answer.SetResult(7);

        Assert.Equal(7, await second);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Ask_QuestionFails_FailsForAllAndIsAskedAnew()
    {
        var all = Enumerable.Range(0, 3).Select(_ => questions.Ask("a", Question, None)).ToList();
        answer.SetException(new InvalidDataException("torn"));

        foreach (var one in all)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => one);
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => questions.Ask("a", Question, None));
        Assert.Equal(2, asked);
    }

    private async Task AskAndLeave()
    {
        using var leaving = new CancellationTokenSource();
        var first = questions.Ask("a", Question, leaving.Token);
        SpinWait.SpinUntil(() => Volatile.Read(ref asked) == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    private Task<int> Question(CancellationToken givenUp)
    {
        Interlocked.Increment(ref asked);
        return answer.Task.WaitAsync(givenUp);
    }
}
