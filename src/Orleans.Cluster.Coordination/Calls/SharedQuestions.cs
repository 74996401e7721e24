namespace Orleans.Cluster.Coordination.Calls;

/// <summary>
/// One question under way for all that ask the same at once. An answer is not kept: who asks after it has come asks anew. A
/// question is given up when the last of those who asked it has left, so that nothing is worked on for nobody.
/// </summary>
/// <param name="untilEnded">
/// Whether the last who leaves waits until the question that is given up has ended: then nothing works for it any more.
/// </param>
internal sealed class SharedQuestions<TKey, TAnswer>(bool untilEnded = false)
    where TKey : notnull
{
    private readonly Lock sync = new();
    private readonly Dictionary<TKey, Question> underWay = [];

    /// <summary>Callers that wait for an answer.</summary>
    public int Waiting
    {
        get
        {
            lock (sync)
            {
                return underWay.Values.Sum(question => question.Waiting);
            }
        }
    }

    /// <summary>Asks, or waits with those who have asked.</summary>
    /// <param name="key">What is asked.</param>
    /// <param name="ask">The question; its token says that nobody wants the answer any more.</param>
    /// <param name="cancellationToken">Ends the wait of this caller.</param>
    public async Task<TAnswer> Ask(TKey key, Func<CancellationToken, Task<TAnswer>> ask, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var question = Join(key, ask);
        try
        {
            return await question.Answer.WaitAsync(cancellationToken);
        }
        finally
        {
            if (Leave(key, question) && untilEnded)
            {
                await Task.WhenAny(question.Answer);
            }
        }
    }

    private Question Join(TKey key, Func<CancellationToken, Task<TAnswer>> ask)
    {
        lock (sync)
        {
            if (!underWay.TryGetValue(key, out var question))
            {
                underWay[key] = question = new Question();

                // Off the caller's scheduler: a grain that leaves would take the question of all others with it.
                question.Answer = Task.Run(() => Run(key, question, ask));
            }

            question.Waiting++;
            return question;
        }
    }

    // Taken out first, and then given up: nobody can join a question that is. True for the last.
    private bool Leave(TKey key, Question question)
    {
        lock (sync)
        {
            if (--question.Waiting > 0)
            {
                return false;
            }

            Remove(key, question);
        }

        question.GivenUp.Cancel();
        return true;
    }

    private async Task<TAnswer> Run(TKey key, Question question, Func<CancellationToken, Task<TAnswer>> ask)
    {
        try
        {
            return await ask(question.GivenUp.Token);
        }
        finally
        {
            lock (sync)
            {
                Remove(key, question);
            }
        }
    }

    private void Remove(TKey key, Question question)
    {
        if (underWay.GetValueOrDefault(key) == question)
        {
            underWay.Remove(key);
        }
    }

    private sealed class Question
    {
        public CancellationTokenSource GivenUp { get; } = new();

        public Task<TAnswer> Answer { get; set; } = null!;

        public int Waiting { get; set; }
    }
}
