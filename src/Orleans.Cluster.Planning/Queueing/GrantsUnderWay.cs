using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// Grants from the match until the worker has begun them or never will, by number, by worker and by the stage whose tasks they
/// take.
/// </summary>
internal sealed class GrantsUnderWay
{
    private readonly Dictionary<long, (Match Match, long Report)> byNumber = [];
    private readonly Dictionary<WorkerId, HashSet<long>> byWorker = [];
    private readonly Dictionary<(JobId Job, int Epoch, int Stage), (int All, int Singles)> taken = [];

    /// <summary>A worker's grants, each with the report that it answers.</summary>
    public IReadOnlyList<(long Number, Match Match, long Report)> Of(WorkerId worker) =>
        byWorker.TryGetValue(worker, out var numbers)
        ? [.. numbers.Order().Select(number => (number, byNumber[number].Match, byNumber[number].Report))]
        : [];

    /// <summary>Tasks of a stage that are under way.</summary>
    public int Taken(JobId job, int epoch, int stage) => taken.GetValueOrDefault((job, epoch, stage)).All;

    /// <summary>Those of them that are no parts of a gang.</summary>
    public int TakenBySingles(JobId job, int epoch, int stage) => taken.GetValueOrDefault((job, epoch, stage)).Singles;

    /// <summary>A grant is under way from now on.</summary>
    public void Add(long number, Match match, long report)
    {
        byNumber[number] = (match, report);
        (byWorker.TryGetValue(match.Worker, out var numbers) ? numbers : byWorker[match.Worker] = []).Add(number);
        Change(match, 1);
    }

    /// <summary>It is not any more.</summary>
    /// <returns>The job whose tasks it took; null when it was not under way.</returns>
    public JobId? Remove(long number)
    {
        if (!byNumber.Remove(number, out var grant))
        {
            return null;
        }

        var numbers = byWorker[grant.Match.Worker];
        numbers.Remove(number);
        if (numbers.Count == 0)
        {
            byWorker.Remove(grant.Match.Worker);
        }

        Change(grant.Match, -1);
        return grant.Match.Job;
    }

    private void Change(Match match, int sign)
    {
        var key = (match.Job, match.Epoch, match.Stage);
        var (all, singles) = taken.GetValueOrDefault(key);
        (all, singles) = (all + (sign * match.Count), singles + (match.Together ? 0 : sign * match.Count));
        if (all == 0)
        {
            taken.Remove(key);
        }
        else
        {
            taken[key] = (all, singles);
        }
    }
}
