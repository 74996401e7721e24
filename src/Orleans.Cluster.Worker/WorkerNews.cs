using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>What is worth a new report: an attempt has ended, or a grant has begun or was let go.</summary>
internal sealed class WorkerNews
{
    private readonly SemaphoreSlim news = new(0);

    public WorkerNews(AttemptRunner runner, GrantBook book)
    {
        runner.SlotFreed += () => news.Release();
        book.Changed += () => news.Release();
    }

    /// <summary>Completes with the next piece of news, or when the time is over.</summary>
    public Task Wait(TimeSpan atMost, CancellationToken cancellationToken) => news.WaitAsync(atMost, cancellationToken);

    /// <summary>Waits until either a task has ended or there is news.</summary>
    /// <returns>Whether there was news; all of it is taken.</returns>
    public async Task<bool> WaitOr(Task other, CancellationToken cancellationToken)
    {
        var told = news.WaitAsync(cancellationToken);
        await Task.WhenAny(other, told);
        var isNews = told.IsCompleted;
        if (!isNews)
        {
            news.Release();
            await told;
        }

        while (news.Wait(0, CancellationToken.None))
        {
            isNews = true;
        }

        return isNews;
    }
}
