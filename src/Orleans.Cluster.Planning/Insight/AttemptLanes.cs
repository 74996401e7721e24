using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Planning.Insight;

/// <summary>Attempts as bars on the slots of their workers.</summary>
public static class AttemptLanes
{
    /// <summary>Bars in an answer; above that many attempts, neighbours are merged.</summary>
    public const int MaxBars = 5000;

    /// <summary>
    /// Places attempts: each in the lowest row of its worker that is free when it begins, so that bars of a row do not overlap. A
    /// worker's rows are its slots as long as each attempt holds one.
    /// </summary>
    /// <param name="attempts">In any order.</param>
    /// <param name="now">End of those that still run.</param>
    /// <param name="maxBars">Bars at most.</param>
    public static Timeline Place(IEnumerable<AttemptRecord> attempts, DateTimeOffset now, int maxBars = MaxBars)
    {
        var bars = new List<TimelineBar>();
        foreach (var worker in attempts.GroupBy(attempt => attempt.Worker)
            .OrderBy(group => group.Key.Value, StringComparer.Ordinal))
        {
            var free = new List<DateTimeOffset>();
            foreach (var attempt in worker.OrderBy(each => each.StartedAt)
                .ThenBy(each => each.Id.Task.Stage).ThenBy(each => each.Id.Task.Partition))
            {
                var lane = free.FindIndex(end => end <= attempt.StartedAt);
                if (lane < 0)
                {
                    lane = free.Count;
                    free.Add(default);
                }

                free[lane] = attempt.EndedAt ?? now;
                bars.Add(BarOf(attempt, lane));
            }
        }

        return Merge([.. bars.OrderBy(bar => bar.StartedAt)], now, maxBars);
    }

    private static TimelineBar BarOf(AttemptRecord attempt, int lane) => new(
        attempt.Worker, lane, attempt.Id.Task.Job, attempt.Id.Task.Stage, attempt.Id.Task.Partition, attempt.Id.Number,
        JsonNamingPolicy.SnakeCaseUpper.ConvertName(attempt.State.ToString()), attempt.StartedAt, attempt.EndedAt);

    // Neighbours of one row, job, stage and state join while the gap between them is too small to be seen; the gap grows until it
    // is enough.
    private static Timeline Merge(List<TimelineBar> bars, DateTimeOffset now, int maxBars)
    {
        if (bars.Count <= maxBars)
        {
            return new Timeline(bars, Merged: false);
        }

        var span = bars.Max(bar => bar.EndedAt ?? now) - bars[0].StartedAt;
        var gap = TimeSpan.FromTicks(Math.Max(1, span.Ticks / 4000));
        for (; ; gap *= 2)
        {
            var merged = Joined(bars, gap, now);
            // One bar a row is the least; rows themselves are bounded by slots.
            if (merged.Count <= maxBars || gap > span)
            {
                return new Timeline(merged, Merged: true);
            }
        }
    }

    private static List<TimelineBar> Joined(List<TimelineBar> bars, TimeSpan gap, DateTimeOffset now)
    {
        var made = new List<TimelineBar>();
        foreach (var row in bars.GroupBy(bar => (bar.Worker, bar.Slot)))
        {
            TimelineBar? open = null;
            foreach (var bar in row)
            {
                if (open is not null && Fits(open, bar) && bar.StartedAt - (open.EndedAt ?? now) <= gap)
                {
                    open = open with
                    {
                        EndedAt = bar.EndedAt, Attempt = Math.Max(open.Attempt, bar.Attempt), Count = open.Count + bar.Count,
                    };
                    continue;
                }

                if (open is not null)
                {
                    made.Add(open);
                }

                open = bar;
            }

            made.Add(open!);
        }

        return [.. made.OrderBy(bar => bar.StartedAt)];
    }

    private static bool Fits(TimelineBar open, TimelineBar next) =>
        open.Job == next.Job && open.Stage == next.Stage && open.State == next.State && open.EndedAt is not null;
}
