using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>Leave for one worker to begin tasks of one stage.</summary>
/// <param name="Worker">Who.</param>
/// <param name="Job">The job.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Stage">The stage.</param>
/// <param name="Count">How many tasks.</param>
/// <param name="Resources">What each needs.</param>
/// <param name="Together">A part of a gang, which begins together with all other parts.</param>
public sealed record Match(
    WorkerId Worker, JobId Job, int Epoch, int Stage, int Count, ResourceRequest Resources, bool Together = false);

/// <summary>
/// Gives free slots to waiting tasks. Jobs are served in order; the first that fits nowhere although an idle worker could hold it
/// keeps the emptiest such worker free for itself (one reservation at a time), so that small tasks cannot pass a large one for
/// ever. A gang gets all of its slots in one match, or none; what it has lost while it runs is replaced like any task.
/// </summary>
internal static class Matchmaker
{
    /// <summary>Matches for workers that can take an order now.</summary>
    /// <param name="turns">Open jobs in the order of <see cref="OwnerQueues"/>; no more of them are read than are needed.</param>
    /// <param name="workers">Workers that wait for orders, with what they have left.</param>
    /// <param name="everyone">All workers that live, for reservations and gangs.</param>
    /// <param name="gangStep">What a gang's stage asks for.</param>
    /// <param name="gangMayReserve">
    /// Whether a gang may keep slots free until it fits; false once it has done so for too long.
    /// </param>
    public static IReadOnlyList<Match> Apply(
        IEnumerable<Turn> turns, IReadOnlyList<WorkerSnapshot> workers, IReadOnlyList<WorkerSnapshot> everyone,
        Func<ActiveJob, StageBacklog, GangStep> gangStep, Func<ActiveJob, bool> gangMayReserve)
    {
        ArgumentNullException.ThrowIfNull(turns);
        ArgumentNullException.ThrowIfNull(workers);
        ArgumentNullException.ThrowIfNull(gangStep);
        ArgumentNullException.ThrowIfNull(gangMayReserve);
        var free = workers.ToDictionary(worker => worker.Id);
        var matches = new List<Match>();
        var unfit = new HashSet<ResourceRequest>();
        WorkerId? reserved = null;
        foreach (var (turn, stage) in turns.SelectMany(turn => turn.Job.Stages.Select(stage => (turn, stage)))
            .Where(pair => pair.stage.Ready > 0))
        {
            var job = turn.Job;
            if (!free.Values.Any(worker => worker is { IsOpen: true, FreeSlots: > 0 } && worker.Id != reserved))
            {
                break; // Nobody takes anything any more: who comes later need not be looked at.
            }

            var step = job.Gang ? gangStep(job, stage) : GangStep.Replace;
            if (step is GangStep.Wait or GangStep.GiveBack)
            {
                continue;
            }

            if (step == GangStep.BeginTogether)
            {
                var placed = PlaceGang(job, stage, free, reserved);
                matches.AddRange(placed);
                turn.Take(stage.Stage, placed.Count);
                if (placed.Count == 0 && CouldEverFit(job, stage, everyone) && gangMayReserve(job))
                {
                    break;
                }

                continue;
            }

            // What fits nowhere now does so for nobody of this size: room only shrinks. It has been kept for the first of them.
            var asked = Math.Min(stage.Ready, turn.Left);
            var left = asked;
            while (left > 0 && !unfit.Contains(job.Resources) && Emptiest(free.Values, job.Resources, reserved) is { } worker)
            {
                matches.Add(new Match(worker.Id, job.Id, job.Epoch, stage.Stage, 1, job.Resources));
                free[worker.Id] = worker.Take(job.Resources, 1);
                left--;
            }

            if (left > 0)
            {
                unfit.Add(job.Resources);
            }

            turn.Take(stage.Stage, asked - left);
            if (left == stage.Ready && turn.IsFirst && reserved is null)
            {
                reserved = Reserve(job.Resources, everyone);
            }
        }

        return Join(matches);
    }

    /// <summary>Whether a gang's stage fits at once into idle workers.</summary>
    public static bool CouldEverFit(ActiveJob job, StageBacklog stage, IReadOnlyList<WorkerSnapshot> everyone)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(stage);
        return everyone.Where(worker => worker.IsOpen).Sum(worker => worker.AtOnce(job.Resources)) >= GangPolicy.Width(stage);
    }

    private static List<Match> PlaceGang(
        ActiveJob job, StageBacklog stage, Dictionary<WorkerId, WorkerSnapshot> free, WorkerId? reserved)
    {
        var trial = new Dictionary<WorkerId, WorkerSnapshot>(free);
        var placed = new List<Match>();
        while (placed.Count < stage.Ready && Emptiest(trial.Values, job.Resources, reserved) is { } worker)
        {
            placed.Add(new Match(worker.Id, job.Id, job.Epoch, stage.Stage, 1, job.Resources, Together: true));
            trial[worker.Id] = worker.Take(job.Resources, 1);
        }

        if (placed.Count < GangPolicy.Width(stage))
        {
            return [];
        }

        foreach (var (id, worker) in trial)
        {
            free[id] = worker;
        }

        return placed;
    }

    private static WorkerSnapshot? Emptiest(IEnumerable<WorkerSnapshot> workers, ResourceRequest request, WorkerId? reserved) =>
        workers
        .Where(worker => worker.Id != reserved && worker.Fits(request))
        .OrderByDescending(worker => worker.FreeSlots)
        .ThenBy(worker => worker.Id.Value, StringComparer.Ordinal)
        .FirstOrDefault();

    private static WorkerId? Reserve(ResourceRequest request, IReadOnlyList<WorkerSnapshot> everyone) => everyone
        .Where(worker => worker.IsOpen && worker.CouldFit(request))
        .OrderByDescending(worker => worker.FreeMemoryBytes)
        .ThenByDescending(worker => worker.FreeSlots)
        .ThenBy(worker => worker.Id.Value, StringComparer.Ordinal)
        .Select(worker => (WorkerId?)worker.Id)
        .FirstOrDefault();

    private static List<Match> Join(List<Match> matches) =>
    [
        .. matches
            .GroupBy(match => (match.Worker, match.Job, match.Epoch, match.Stage))
            .Select(group => group.First() with { Count = group.Sum(match => match.Count) }),
    ];
}
