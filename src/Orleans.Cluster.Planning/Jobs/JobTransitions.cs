using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// The job state machine. No clock, no I/O, no grain references: events in, state and what to store and do out.
/// </summary>
public static class JobTransitions
{
    // A reader wants to know that it happened, and where; not each of a thousand.
    private const int MaxNotes = 20;

    private const string Dropped =
        "Planned anew and run from the start: what the job had computed was dropped when it was cancelled.";

    // Every list of jobs reads the row. The files of a larger result are listed by their own endpoint, from the partitions.
    private const int MaxListedFiles = 1_000;

    /// <summary>What follows from an event.</summary>
    public static JobDecision Apply(JobState state, JobEvent evt, JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(spec);
        return evt switch
        {
            Observed e => e.Facts.Decisions == state.Decisions ? Observe(state, e.Facts, spec) : JobDecision.None(state),
            PlanMade e => state.Phase == JobPhase.Planning ? Start(state, e.Plan) : JobDecision.None(state),
            JobRefused e => state.Phase.IsTerminal() || state.Phase == JobPhase.Cancelling
                || e.Epoch is { } begun && begun != state.Epoch
                ? JobDecision.None(state)
                : Fail(state, e.Problem, e.Now),
            CancelRequested e => Cancel(state, e.Now),
            RetryRequested e => Retry(state, e),
            ShowRequested e => state.Phase == JobPhase.Publishing && state.Epoch == e.Epoch && !state.IsShowing
                ? new JobDecision { State = state with { IsShowing = true } }
                : JobDecision.None(state),
            Published e => state.Phase == JobPhase.Publishing && (e.Epoch ?? state.Epoch) == state.Epoch
                ? Succeed(state, e)
                : JobDecision.None(state),
            _ => throw new UnreachableException($"No transition for {evt?.GetType().Name}."),
        };
    }

    private static JobDecision Observe(JobState state, JobFacts facts, JobSpec spec)
    {
        if (!state.Phase.IsTerminal() && state.Phase != JobPhase.Cancelling && !state.IsShowing && facts.Now >= state.DeadlineAt)
        {
            return Fail(
                state, ProblemDocument.Of(
                    ProblemCode.JobTimeout, $"The job did not end within its timeoutSeconds ({spec.TimeoutSeconds})."),
                    facts.Now);
        }

        if (state.Phase is JobPhase.Queued or JobPhase.Running && ArtifactUse.FindExcess(facts) is { } problem)
        {
            return Fail(state, problem, facts.Now);
        }

        return state.Phase switch
        {
            JobPhase.Queued when state.Stages.Count > 0 => Advance(state, facts, spec),
            JobPhase.Queued => Leave(state, facts, spec),
            JobPhase.Planning => new JobDecision { State = state, Commands = [JobCommand.Plan] },
            JobPhase.Running => Advance(state, facts, spec),
            JobPhase.Publishing => Show(state, facts),
            JobPhase.Cancelling => Quieten(state, facts),
            _ => JobDecision.None(state),
        };
    }

    // QUEUED without stages: wait for dependencies, then plan, or open the stages of the plan that there is.
    private static JobDecision Leave(JobState state, JobFacts facts, JobSpec spec)
    {
        var open = spec.DependsOn.Except(state.MetDependencies).ToList();
        foreach (var id in open)
        {
            if (!facts.Dependencies.TryGetValue(id, out var phase) || phase is JobPhase.Failed or JobPhase.Cancelled)
            {
                var end = phase is JobPhase.Failed ? "failed" : phase is JobPhase.Cancelled ? "was cancelled"
                    : "is not there any more";
                return Fail(state,
                    ProblemDocument.Of(ProblemCode.DependencyFailed, $"Job {id}, which this one depends on, {end}."), facts.Now);
            }
        }

        var met = open.Where(id => facts.Dependencies[id] == JobPhase.Succeeded).ToList();
        if (met.Count < open.Count)
        {
            return met.Count == 0
                ? JobDecision.None(state)
                : new JobDecision { State = state with { MetDependencies = [.. state.MetDependencies, .. met] } };
        }

        if (facts.Plan is not { } plan)
        {
            return new JobDecision { State = state with { Phase = JobPhase.Planning }, Commands = [JobCommand.Plan] };
        }

        return Start(state, plan);
    }

    // It is QUEUED with open stages from here on, and RUNNING once one of its attempts has begun.
    private static JobDecision Start(JobState state, JobPlan plan)
    {
        var roots = plan.Stages.Where(stage => stage.Inputs.All(input => input.Stage is null))
            .Select(stage => stage.Index).ToHashSet();
        return new JobDecision
        {
            State = state with
            {
                Phase = JobPhase.Queued,
                Notes = [.. state.Notes.Concat(Doubts(plan)).Take(MaxNotes)],
                Stages = [.. plan.Stages.Select(stage => new StageState(
                    stage.Index, roots.Contains(stage.Index)
                    ? StagePhase.Open
                    : StagePhase.Pending, StageOpener.EstimateCount(plan, stage)))],
            },
            OpenStages = [.. roots.Order()],
            Commands = [JobCommand.PokeQueue],
        };
    }

    // Guesses on which the result's rows depend. Who looks at the result alone would not hear of them.
    private static IEnumerable<string> Doubts(JobPlan plan) => plan.Warnings
        .Where(warning => warning.Code is JobPlan.GuessKept or JobPlan.DelimiterDoubtful
            || (warning.Code == JobPlan.HeaderDoubtful && !plan.Datasets.Values.Any(HasPlainNames)))
        .Select(warning => warning.Detail);

    // A header of words above columns of words is a guess too, and so usual that a note of it would only be noise.
    private static bool HasPlainNames(PlannedDataset dataset) =>
        dataset.Dialect is { Header: true, HeaderHow: HeaderEvidence.Guessed }
        && dataset.Columns.All(column => char.IsLetter(column.Name.TrimStart('#', '_', ' ').FirstOrDefault()));

    // RUNNING, and QUEUED with open stages: its first attempt makes it RUNNING, which its history tells although it may be over
    // by now.
    private static JobDecision Advance(JobState state, JobFacts facts, JobSpec spec)
    {
        state = state.StartedAt is null && facts.FirstStartedAt is { } began ? state with { StartedAt = began } : state;
        if (state.Phase != JobPhase.Queued || !facts.HasBegun)
        {
            return Continue(state, facts, spec);
        }

        var decision = Continue(state with { Phase = JobPhase.Running }, facts, spec);
        return decision.State.Phase == JobPhase.Running ? decision : decision with { Through = JobPhase.Running };
    }

    // Decide what failed, close stages that are complete, open those whose inputs are.
    private static JobDecision Continue(JobState state, JobFacts facts, JobSpec spec)
    {
        var plan = facts.Plan ?? throw new ArgumentException($"Job {state.Id} has stages without a plan.", nameof(facts));
        var refuted = facts.Failed.FirstOrDefault(partition => partition.Failure is { Wider.Count: > 0 });
        if (refuted is not null && state.WiderTypes.Count == 0)
        {
            return PlanAnew(state, refuted.Failure!);
        }

        var split = facts.Failed.Where(partition => facts.Halves.ContainsKey(partition.Task)).ToList();
        foreach (var partition in facts.Failed.Except(split))
        {
            if (RetryPolicy.Verdict(partition, spec.Retry) is { } problem)
            {
                return Fail(state, problem, facts.Now);
            }
        }

        var again = facts.Failed.Except(split).Select(partition => new PartitionChange(
            partition.Task, partition.Attempt, PartitionState.Failed, PartitionState.Waiting,
            facts.Now + RetryPolicy.Backoff(partition, spec.Retry)));
        var stages = state.Stages.Select(stage => Close(stage, facts.Tallies)).ToList();
        var complete = stages.Where(stage => stage.Phase == StagePhase.Complete).Select(stage => stage.Index).ToHashSet();
        var open = stages
            .Where(stage => stage.Phase == StagePhase.Pending && Upstream(plan.Stages[stage.Index]).All(complete.Contains))
            .Select(stage => stage.Index)
            .ToList();
        var changes = again.Concat(split.Select(partition => new PartitionChange(
            partition.Task, partition.Attempt, PartitionState.Failed, PartitionState.Split, null))).ToList();
        if (complete.Count == stages.Count)
        {
            return new JobDecision
            {
                State = state with { Phase = JobPhase.Publishing, Stages = stages, QuarantinedRows = Quarantined(facts) },
                Commands = [JobCommand.Publish],
            };
        }

        var next = stages.Select(stage => open.Contains(stage.Index) ? stage with { Phase = StagePhase.Open } : stage).ToList();
        var moved = !next.SequenceEqual(state.Stages);
        return new JobDecision
        {
            State = moved || changes.Count > 0
                ? state with { Stages = next, QuarantinedRows = Quarantined(facts), Notes = WithSplits(state.Notes, split) }
                : state,
            Children = [.. Children(state.Epoch, split, facts)],
            OpenStages = open,
            PartitionChanges = changes,
            Commands = open.Count > 0 || changes.Count > 0 ? [JobCommand.PokeQueue] : [],
        };
    }

    // A guess was wrong: the same job with the wider types, from the start. Once, so that a job always ends.
    private static JobDecision PlanAnew(JobState state, AttemptFailure failure)
    {
        var wider = string.Join(", ", failure.Wider!.Take(MaxNotes).Select(wider => $"{wider.Column} {wider.Type}"));
        var note = "Planned anew with wider types, since a value did not fit a type that was guessed from a sample: "
            + $"{failure.Message} Read now as: {wider}.";
        return new JobDecision
        {
            State = state with
            {
                Phase = JobPhase.Planning,
                Epoch = state.Epoch + 1,
                Stages = [],
                QuarantinedRows = 0,
                WiderTypes = failure.Wider!,
                Notes = [.. state.Notes.Append(note).Take(MaxNotes)],
            },
            DropPlan = true,
            Commands = [JobCommand.Plan, JobCommand.PokeQueue],
        };
    }

    // PUBLISHING: over when the output is visible. Until then an artifact may turn out to be lost; its partition runs again.
    private static JobDecision Show(JobState state, JobFacts facts)
    {
        var stages = state.Stages.Select(stage => Close(stage, facts.Tallies)).ToList();
        return state.IsShowing || stages.All(stage => stage.Phase == StagePhase.Complete)
            ? new JobDecision { State = state, Commands = [JobCommand.Publish] }
            : new JobDecision
            {
                State = state with { Phase = JobPhase.Running, Stages = stages }, Commands = [JobCommand.PokeQueue],
            };
    }

    // Children take numbers after all others of their stage, and their parent's place in its order.
    private static IEnumerable<PartitionRecord> Children(int epoch, IReadOnlyList<PartitionRecord> split, JobFacts facts)
    {
        foreach (var stage in split.GroupBy(partition => partition.Task.Stage))
        {
            var tally = facts.Tallies.Single(tally => tally.Stage == stage.Key);
            var next = tally.Total + tally.Split;
            foreach (var parent in stage)
            {
                foreach (var (work, index) in facts.Halves[parent.Task].Select((work, index) => (work, index)))
                {
                    yield return new PartitionRecord
                    {
                        Task = parent.Task with { Partition = next++ },
                        Epoch = epoch,
                        Order = string.Create(CultureInfo.InvariantCulture, $"{parent.Order}.{index}"),
                        State = PartitionState.Waiting,
                        Work = work,
                    };
                }
            }
        }
    }

    private static IReadOnlyList<string> WithSplits(IReadOnlyList<string> notes, IReadOnlyList<PartitionRecord> split) =>
    [
        .. notes.Concat(split.Select(partition =>
            $"Partition {partition.Order} of stage {partition.Task.Stage} ran out of "
            + $"{(partition.Failure is { Kind: FailureKind.OutOfDisk } ? "disk" : "memory")} and was split in two; sums of "
            + "doubles may differ from an unsplit run in their last digits."))
            .Take(MaxNotes),
    ];

    private static IEnumerable<int> Upstream(StagePlan stage) =>
        stage.Inputs.Where(input => input.Stage is not null).Select(input => input.Stage!.Value);

    // A complete stage opens again when one of its artifacts was lost.
    private static StageState Close(StageState stage, IReadOnlyList<StageTally> tallies)
    {
        var tally = tallies.FirstOrDefault(tally => tally.Stage == stage.Index);
        if (stage.Phase == StagePhase.Pending || tally is null)
        {
            return stage;
        }

        var phase = tally.Committed == tally.Total ? StagePhase.Complete : StagePhase.Open;
        return stage with { Phase = phase, Partitions = tally.Total };
    }

    private static long Quarantined(JobFacts facts) => facts.Tallies.Sum(tally => tally.QuarantinedRows);

    private static JobDecision Cancel(JobState state, DateTimeOffset now) => state.Phase switch
    {
        JobPhase.Cancelled or JobPhase.Cancelling => new JobDecision { State = state, Commands = [JobCommand.StopAttempts] },
        JobPhase.Queued when state.Stages.Count == 0 => new JobDecision
        {
            State = state with { Phase = JobPhase.Cancelled, FinishedAt = now },
            Commands = [JobCommand.PokeQueue],
        },
        JobPhase.Publishing
            when state.IsShowing => Refuse(state, "its output is being made visible, which cannot be stopped any more."),
        JobPhase.Queued or JobPhase.Planning or JobPhase.Running or JobPhase.Publishing => new JobDecision
        {
            State = state with { Phase = JobPhase.Cancelling },
            CancelWaiting = true,
            Commands = [JobCommand.StopAttempts, JobCommand.PokeQueue],
        },
        _ => Refuse(state, $"it ended as {state.Phase.ToString().ToUpperInvariant()}."),
    };

    // CANCELLING: over when no attempt runs and nothing plans or publishes; until then, ask again.
    private static JobDecision Quieten(JobState state, JobFacts facts) => facts.RunningAttempts > 0 || facts.IsBusy
        ? new JobDecision { State = state, Commands = [JobCommand.StopAttempts] }
        : new JobDecision
        {
            State = state with
            {
                Phase = JobPhase.Cancelled, FinishedAt = facts.Now, Progress = ProgressMeter.AtRest(state.Progress),
            },
            CancelWaiting = true,
            Commands = [JobCommand.PokeQueue],
        };

    private static JobDecision Retry(JobState state, RetryRequested request) => state.Phase switch
    {
        JobPhase.Cancelled when state.Stages.Count > 0 => StartOver(state, request),
        JobPhase.Failed or JobPhase.Cancelled => new JobDecision
        {
            State = Again(state, request) with
            {
                Stages = request.HasPlan ? state.Stages : [],
                Notes = [.. state.Notes.Except(request.AcceptedStamps.Select(NoteOf)), .. request.AcceptedStamps.Select(NoteOf)],
            },
            ResetUnfinished = request.HasPlan,
            Commands = [JobCommand.PokeQueue],
        },
        JobPhase.Succeeded => Refuse(state, "it succeeded; submit it again to run it again."),
        _ => Refuse(state, "it has not ended."),
    };

    // What a cancelled job had committed was dropped with its cancel.
    private static JobDecision StartOver(JobState state, RetryRequested request) => new()
    {
        State = Again(state, request) with
        {
            Stages = [], QuarantinedRows = 0, Notes = [.. state.Notes.Append(Dropped).Distinct().Take(MaxNotes)],
        },
        DropPlan = true,
        Commands = [JobCommand.PokeQueue],
    };

    private static JobState Again(JobState state, RetryRequested request) => state with
    {
        Phase = JobPhase.Queued, Epoch = state.Epoch + 1, Error = null, FinishedAt = null, IsShowing = false,
        DeadlineAt = request.DeadlineAt, AcceptedStamps = request.AcceptedStamps,
    };

    private static string NoteOf(FileStamp stamp) =>
        $"{stamp.Path} was written again after the job was planned. It has the planned size and records, so that what was read "
        + "before is kept.";

    private static JobDecision Fail(JobState state, ProblemDocument problem, DateTimeOffset now) => new()
    {
        State = state with
        {
            Phase = JobPhase.Failed,
            IsShowing = false,
            FinishedAt = now,
            Error = problem with { Instance = JobLinks.Of(state.Id).Self },
            Progress = ProgressMeter.AtRest(state.Progress),
        },
        CancelWaiting = true,
        CancelRunning = true,
        Commands = [JobCommand.StopAttempts, JobCommand.PokeQueue],
    };

    private static JobDecision Succeed(JobState state, Published e) => new()
    {
        State = state with
        {
            Phase = JobPhase.Succeeded,
            FinishedAt = e.Now,
            Result = e.Result.Files.Count <= MaxListedFiles ? e.Result : e.Result with { Files = [] },
            Notes = e.Notes.Count == 0 ? state.Notes : [.. state.Notes.Concat(e.Notes).Take(MaxNotes)],
            Progress = state.Progress with { Fraction = 1, BytesDone = state.Progress.BytesTotal },
        },
        Commands = [JobCommand.PokeQueue],
    };

    private static JobDecision Refuse(JobState state, string why) => new()
    {
        State = state,
        Refusal = new ClusterException(ProblemCode.JobAlreadyTerminal, $"Job {state.Id} cannot change: {why}"),
    };
}
