namespace Orleans.Cluster.Planning.Scaling;

/// <summary>When workers that keep ending are started again: at once the first time, then with growing pauses.</summary>
public static class RestartPolicy
{
    /// <summary>A worker that lived this long has shown that workers can live.</summary>
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(60);

    /// <summary>Until when nothing is started, and why; null when nothing speaks against a start.</summary>
    /// <param name="instances">Lives of workers in any order; those ended on request say nothing.</param>
    /// <param name="wanted">
    /// Workers wanted. All of them ending once is one round, not as many failures as there are workers.
    /// </param>
    /// <param name="now">The present.</param>
    public static RestartPause? FindPause(IReadOnlyCollection<ScaleInstance> instances, int wanted, DateTimeOffset now)
    {
        var ended = instances.Where(instance => instance.End is { WasRequested: false })
            .OrderByDescending(instance => instance.End!.At).ToList();
        if (ended.Count == 0 || ProvesHealth(instances, ended[0], now))
        {
            return null;
        }

        var shortLives = ended.TakeWhile(instance => instance.End!.At - instance.StartedAt < Healthy).Count();
        var pause = PauseAfter(shortLives, wanted);
        var until = ended[0].End!.At + pause;
        return pause == TimeSpan.Zero ? null : new RestartPause(until, shortLives, ended[0].End!.Detail);
    }

    /// <summary>The pause after that many short lives in a row: none, then 1 s, doubling with each round.</summary>
    public static TimeSpan PauseAfter(int shortLives, int wanted)
    {
        var rounds = (shortLives + Math.Max(1, wanted) - 1) / Math.Max(1, wanted);
        return rounds < 2
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(Math.Min(MaxPause.TotalSeconds, Math.Pow(2, Math.Min(rounds, 10) - 2)));
    }

    private static bool ProvesHealth(IEnumerable<ScaleInstance> instances, ScaleInstance lastEnded, DateTimeOffset now) =>
        instances.Any(instance => instance.End is null && instance.StartedAt > lastEnded.StartedAt
            && now - instance.StartedAt >= Healthy);
}

/// <summary>Why nothing is started for a while.</summary>
/// <param name="Until">When the next worker may be started.</param>
/// <param name="ShortLives">Lives in a row that ended soon.</param>
/// <param name="LastEnd">How the last one ended.</param>
[GenerateSerializer, Immutable, Alias("RestartPause")]
public sealed record RestartPause(
    [property: Id(0)] DateTimeOffset Until, [property: Id(1)] int ShortLives, [property: Id(2)] string LastEnd);
