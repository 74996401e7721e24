namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// How fast open stages get on, by the later half of what each has done: the first tasks of a job wait for processes that start
/// and code that is compiled, and say little of those that follow.
/// </summary>
internal sealed class StagePaces
{
    private const int MostMarks = 64;

    private readonly Dictionary<int, List<(DateTimeOffset At, double Share)>> marks = [];
    private readonly Dictionary<int, double> seconds = [];

    /// <summary>Seconds that a whole stage takes at its pace; null where nothing was noted of it.</summary>
    public double? Find(int stage) => seconds.TryGetValue(stage, out var whole) ? whole : null;

    /// <summary>Notes how far a stage is.</summary>
    /// <param name="stage">Its number.</param>
    /// <param name="opened">When it opened.</param>
    /// <param name="now">The clock.</param>
    /// <param name="share">Share of it that is done, 0 to 1.</param>
    public void Note(int stage, DateTimeOffset opened, DateTimeOffset now, double share)
    {
        if (!marks.TryGetValue(stage, out var known) || known[0].At != opened)
        {
            // New, or opened anew as after a retry.
            marks[stage] = known = [(opened, 0)];
            seconds.Remove(stage);
        }

        if (share <= known[^1].Share || now <= known[^1].At)
        {
            return;
        }

        known.Add((now, share));
        if (known.Count > MostMarks)
        {
            // Every other one but the first: what is looked for is about a half.
            marks[stage] = known = [.. known.Where((_, index) => index % 2 == 0 || index == known.Count - 1)];
        }

        var from = known.FindLast(mark => mark.Share <= share / 2);
        seconds[stage] = (now - from.At).TotalSeconds / (share - from.Share);
    }

    /// <summary>When it was seen to get on last; null where nothing was noted of it.</summary>
    public DateTimeOffset? FindLastAt(int stage) => marks.TryGetValue(stage, out var known) ? known[^1].At : null;
}
