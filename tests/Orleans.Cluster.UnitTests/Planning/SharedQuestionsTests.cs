using Orleans.Cluster.Coordination.Calls;

namespace Orleans.Cluster.UnitTests.Planning;

public sealed class SharedQuestionsTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TaskCompletionSource<int> answer = new();
    private readonly SharedQuestions<string, int> questions = new();
    private int asked;
    private CancellationToken given;

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
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult(7);
        Assert.Equal(7, await second);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Ask_AllLeave_IsGivenUpAtOnceAndAskedAnew()
    {
        using var leaving = new CancellationTokenSource();
        var left = Enumerable.Range(0, 3).Select(_ => questions.Ask("a", Question, leaving.Token)).ToList();
        SpinWait.SpinUntil(() => Volatile.Read(ref asked) == 1);
        Assert.False(given.IsCancellationRequested);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(left));
        Assert.True(given.IsCancellationRequested);

        var next = questions.Ask("a", Question, None);
        answer.SetResult(7);
        Assert.Equal(7, await next);
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

    private Task<int> Question(CancellationToken givenUp)
    {
        given = givenUp;
        Interlocked.Increment(ref asked);
        return answer.Task.WaitAsync(givenUp);
    }
}
