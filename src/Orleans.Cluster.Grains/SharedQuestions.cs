namespace Orleans.Cluster.Grains;

/// <summary>
/// One question under way for all that ask the same at once. An answer is not kept: who asks after it has come asks anew. A question goes on
/// when those who asked have left, and is given up when nobody has joined for a while.
/// </summary>
/// <param name="linger">How long a question goes on that nobody waits for.</param>
/// <param name="clock">The clock.</param>
internal sealed class SharedQuestions<TKey, TAnswer>(TimeSpan linger, TimeProvider clock)
    where TKey : notnull
{
    private readonly Lock sync = new();
    private readonly Dictionary<TKey, Question> underWay = [];

    /// <summary>Asks, or waits with those who have asked.</summary>
    /// <param name="key">What is asked.</param>
    /// <param name="ask">The question; its token says that nobody wants the answer any more.</param>
    /// <param name="cancellationToken">Ends the wait of this caller.</param>
    public async Task<TAnswer> Ask(TKey key, Func<CancellationToken, Task<TAnswer>> ask, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var question = Join(key, ask);
            try
            {
                return await question.Answer.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && question.GivenUp.IsCancellationRequested)
            {
                // It was given up just when this caller joined.
            }
            finally
            {
                Leave(question);
            }
        }
    }

    private Question Join(TKey key, Func<CancellationToken, Task<TAnswer>> ask)
    {
        lock (sync)
        {
            if (!underWay.TryGetValue(key, out var question) || question.GivenUp.IsCancellationRequested)
            {
                underWay[key] = question = new Question(clock);

                // Off the caller's scheduler: a grain that leaves would take the question of all others with it.
                question.Answer = Task.Run(() => Run(key, question, ask));
            }

            question.Waiting++;
            question.GivenUp.CancelAfter(Timeout.InfiniteTimeSpan);
            return question;
        }
    }

    private void Leave(Question question)
    {
        lock (sync)
        {
            if (--question.Waiting == 0 && !question.Answer.IsCompleted)
            {
                question.GivenUp.CancelAfter(linger);
            }
        }
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
                if (underWay.GetValueOrDefault(key) == question)
                {
                    underWay.Remove(key);
                }
            }
        }
    }

    private sealed class Question(TimeProvider clock)
    {
        public CancellationTokenSource GivenUp { get; } = new(Timeout.InfiniteTimeSpan, clock);

        public Task<TAnswer> Answer { get; set; } = null!;

        public int Waiting { get; set; }
    }
}
