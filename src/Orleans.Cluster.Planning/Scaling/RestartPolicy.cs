namespace Orleans.Cluster.Planning.Scaling;

/// <summary>When workers that keep ending are started again: at once the first time, then with growing pauses.</summary>
public static class RestartPolicy
{
    /// <summary>A worker that lived this long has shown that workers can live.</summary>
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(60);

    /// <summary>How many lives in a row ended soon, counted from the latest.</summary>
    /// <param name="lives">Lives in any order; those ended on request say nothing and are skipped.</param>
    /// <param name="now">The present.</param>
    public static int CountShortLives(IReadOnlyCollection<WorkerLife> lives, DateTimeOffset now)
    {
        var ended = lives.Where(life => life is { EndedAt: not null, WasRequested: false }).OrderByDescending(life => life.EndedAt).ToList();
        var lastStart = ended.Count == 0 ? DateTimeOffset.MinValue : ended[0].StartedAt;
        var oneLives = lives.Any(life => life.EndedAt is null && life.StartedAt > lastStart && now - life.StartedAt >= Healthy);
        return oneLives ? 0 : ended.TakeWhile(life => life.EndedAt - life.StartedAt < Healthy).Count();
    }

    /// <summary>The pause after that many short lives among that many wanted workers: none, then 1 s, doubling with each round.</summary>
    /// <param name="shortLives">See <see cref="CountShortLives"/>.</param>
    /// <param name="wanted">Workers wanted. All of them ending once is one round, not as many failures as there are workers.</param>
    public static TimeSpan PauseAfter(int shortLives, int wanted)
    {
        var rounds = (shortLives + Math.Max(1, wanted) - 1) / Math.Max(1, wanted);
        return rounds < 2 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(MaxPause.TotalSeconds, Math.Pow(2, Math.Min(rounds, 10) - 2)));
    }
}

/// <summary>One life of a worker process; <see cref="EndedAt"/> is null while it runs.</summary>
public sealed record WorkerLife(DateTimeOffset StartedAt, DateTimeOffset? EndedAt, bool WasRequested);
