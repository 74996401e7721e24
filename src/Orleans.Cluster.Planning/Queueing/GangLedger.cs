using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// What the <see cref="QueueLedger"/> remembers of gangs: reservations, whose turn it is, and which ones are short of a member.
/// </summary>
internal sealed class GangLedger(GangBounds bounds)
{
    private readonly Dictionary<long, GangReservation> byPart = [];
    private readonly Dictionary<JobId, DateTimeOffset> turnSince = [];
    private readonly Dictionary<(JobId Job, int Epoch, int Stage), DateTimeOffset> shortSince = [];
    private readonly HashSet<(JobId Job, int Epoch, int Stage)> givingBack = [];

    /// <summary>The reservation that a grant is a part of; null for none.</summary>
    public GangReservation? Find(long part) => byPart.GetValueOrDefault(part);

    /// <summary>Reservations, each once.</summary>
    public IReadOnlyList<GangReservation> All => [.. byPart.Values.Distinct()];

    /// <summary>
    /// Whether a gang may keep slots free until it fits. After its turn others get one as long, then it may try again.
    /// </summary>
    public bool MayReserve(JobId job, DateTimeOffset now)
    {
        if (!turnSince.TryGetValue(job, out var since))
        {
            turnSince[job] = since = now;
        }

        return (int)((now - since) / bounds.Turn) % 2 == 0;
    }

    /// <summary>What a gang's stage asks for; one that is being given back waits until none of its members runs.</summary>
    public GangStep Step(ActiveJob job, StageBacklog stage, DateTimeOffset now)
    {
        var key = (job.Id, job.Epoch, stage.Stage);
        return givingBack.Contains(key)
            ? GangStep.Wait
            : GangPolicy.Decide(stage, shortSince.TryGetValue(key, out var since) ? since : now, now, bounds.Replacement);
    }

    /// <summary>Parts of one gang have been granted.</summary>
    public void Open(IReadOnlyDictionary<long, Match> parts, DateTimeOffset now)
    {
        var reservation = new GangReservation(parts, now + bounds.Confirmation);
        turnSince.Remove(reservation.Stage.Job);
        foreach (var part in parts.Keys)
        {
            byPart[part] = reservation;
        }
    }

    /// <summary>Forgets a reservation; whoever still names a part of it is told to drop it.</summary>
    public void Forget(GangReservation reservation)
    {
        foreach (var part in reservation.Parts.Keys)
        {
            byPart.Remove(part);
        }
    }

    /// <summary>A part is under way no more.</summary>
    public void Forget(long part) => byPart.Remove(part);

    /// <summary>Takes what is known of gangs' stages: which ones have run short of a member, and for how long.</summary>
    public void Review(IReadOnlyCollection<ActiveJob> gangs, DateTimeOffset now)
    {
        var stages = gangs.SelectMany(job => job.Stages.Select(stage => (Key: (job.Id, job.Epoch, stage.Stage), Stage: stage)))
            .ToDictionary(item => item.Key, item => item.Stage);
        foreach (var key in shortSince.Keys.Where(key => !stages.TryGetValue(key, out var stage) || stage.Ready == 0
            || stage.Running == 0).ToList())
        {
            shortSince.Remove(key);
        }

        givingBack.RemoveWhere(key => !stages.TryGetValue(key, out var stage) || stage.Running == 0);
        foreach (var (key, stage) in stages.Where(item => item.Value is { Ready: > 0, Running: > 0 }
            && !givingBack.Contains(item.Key)))
        {
            shortSince.TryAdd(key, now);
            if (GangPolicy.Decide(stage, shortSince[key], now, bounds.Replacement) == GangStep.GiveBack)
            {
                givingBack.Add(key);
            }
        }

        foreach (var job in turnSince.Keys.Except(gangs.Select(job => job.Id)).ToList())
        {
            turnSince.Remove(job);
        }
    }

    /// <summary>Of the attempts that a worker runs, those that their gang gives back.</summary>
    public IReadOnlyList<AttemptId> ToGiveBack(IReadOnlyCollection<AttemptId> running) => givingBack.Count == 0
        ? []
        : [.. running.Where(attempt => givingBack.Any(key => key.Job == attempt.Task.Job && key.Stage == attempt.Task.Stage))];
}
