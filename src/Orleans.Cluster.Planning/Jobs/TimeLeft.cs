using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// How long a job will still take, stage by stage. A stage that is open goes on at its own pace, in as many rounds as its
/// partitions need of the slots that the job has had at once. One that opens later is taken to cost what rows cost where these
/// figures were measured, times how much slower or faster the stages before it were than these figures say.
/// </summary>
internal sealed class TimeLeft
{
    // Processor seconds where it was measured: of a task whatever it reads, of a row read from a file or from another stage, and
    // of a row written by either. (5 million rows of 9 columns in 11 to 200 tasks; nine kinds of jobs.)
    private const double TaskSeconds = 0.03;
    private const double FileRow = 0.28e-6;
    private const double FileRowWritten = 0.24e-6;
    private const double StageRow = 0.12e-6;
    private const double StageRowWritten = 0.2e-6;
    private const double StageValueWritten = 0.07e-6;

    // Of opening what one task has sent to one target.
    private const double OpenSeconds = 0.0005;

    // Rows that are sent to ranges are compared with borders first.
    private const string Ranges = "ranges";
    private const double RangesFactor = 1.6;

    // A group-by of which nothing is known yet makes so much less of its rows; a limit, or a window that keeps some, too.
    private const double GroupsOfRows = 0.1;
    private const double SomeOfRows = 0.3;

    private const double RowsWorthSharing = 100_000;

    // Below this a stage's own pace says nothing; above it, a table of one machine says less.
    private const double LeastShare = 0.08;
    private const double SlowestFactor = 4;
    private const double FastestFactor = 0.3;

    // Of a task that has read all, what is left may be much or little: a sort, a join, the writing of its rows.
    private const double MostRead = 0.9;
    private const double LeastOfStage = 0.1;

    private readonly JobPlan plan;
    private readonly Dictionary<int, StageTally> tallies;
    private readonly Dictionary<int, StageState> stages;
    private readonly IReadOnlyDictionary<int, (long Bytes, long Rows)> running;
    private readonly StagePaces paces;
    private readonly int slots;
    private readonly DateTimeOffset now;
    private readonly double[] rowsOut;

    private TimeLeft(
        JobPlan plan, IReadOnlyList<StageState> stages, IReadOnlyList<StageTally> tallies,
        IReadOnlyDictionary<int, (long Bytes, long Rows)> running, StagePaces paces, int slots, DateTimeOffset now)
    {
        this.plan = plan;
        this.stages = stages.ToDictionary(stage => stage.Index);
        this.tallies = tallies.ToDictionary(tally => tally.Stage);
        this.running = running;
        this.paces = paces;
        this.slots = Math.Max(1, slots);
        this.now = now;
        rowsOut = new double[plan.Stages.Count];
        foreach (var stage in plan.Stages)
        {
            rowsOut[stage.Index] = RowsOut(stage);
        }
    }

    /// <summary>Seconds from now to the end of the last stage; null when nothing has been measured.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="stages">Stages as the job remembers them.</param>
    /// <param name="tallies">Numbers of open and complete stages.</param>
    /// <param name="running">Bytes and rows that running attempts have read, by stage.</param>
    /// <param name="paces">What is known of the paces of its stages, and takes what is seen now.</param>
    /// <param name="slots">Most partitions of the job that have been seen to run at once.</param>
    /// <param name="now">The clock that stages were opened by.</param>
    public static double? Seconds(
        JobPlan plan, IReadOnlyList<StageState> stages, IReadOnlyList<StageTally> tallies,
        IReadOnlyDictionary<int, (long Bytes, long Rows)> running, StagePaces paces, int slots, DateTimeOffset now) =>
        new TimeLeft(plan, stages, tallies, running, paces, slots, now).Sum();

    private double? Sum()
    {
        var byFigures = plan.Stages.Select(Wall).ToArray();
        double took = 0, nominal = 0;
        foreach (var stage in plan.Stages)
        {
            if (Pace(stage) is { } pace)
            {
                took += pace;
                nominal += byFigures[stage.Index];
            }
        }

        if (nominal == 0)
        {
            return null;
        }

        var factor = took / nominal;
        return plan.Stages.Sum(stage => Left(stage, byFigures[stage.Index], factor));
    }

    // The more of a stage is done, the less its figures count beside its own pace.
    private double Left(StagePlan stage, double figures, double factor)
    {
        var state = stages.GetValueOrDefault(stage.Index);
        if (state is not { Phase: not StagePhase.Pending, OpenedAt: { } opened })
        {
            return figures * Math.Clamp(factor, FastestFactor, SlowestFactor);
        }

        if (state.Phase == StagePhase.Complete)
        {
            return 0;
        }

        var (share, byFigures) = (Share(stage), figures * factor);
        var own = share > 0 ? paces.Find(stage.Index) ?? byFigures : byFigures;
        var since = (now - (paces.FindLastAt(stage.Index) ?? opened)).TotalSeconds;
        var left = (1 - share) * ((share * own) + ((1 - share) * byFigures));

        // Between two steps the clock alone says how far it may be; one that has taken as long as it was to take is not over.
        return Math.Max(left - since, LeastOfStage * left);
    }

    // What a stage took, or takes in all by its own pace; null where that is not known.
    private double? Pace(StagePlan stage)
    {
        if (!stages.TryGetValue(stage.Index, out var state) || state.OpenedAt is not { } opened)
        {
            return null;
        }

        if (state.Phase == StagePhase.Complete)
        {
            var closed = plan.Stages.Where(other => other.Inputs.Any(input => input.Stage == stage.Index))
                .Select(other => stages.GetValueOrDefault(other.Index)?.OpenedAt).Min();
            return paces.Find(stage.Index) ?? (closed > opened ? (closed.Value - opened).TotalSeconds : null);
        }

        var share = state.Phase == StagePhase.Open ? Share(stage) : 0;
        paces.Note(stage.Index, opened, now, share);
        return share < LeastShare ? null : paces.Find(stage.Index);
    }

    // Share of its time: half by bytes, as if they could be cut at will, half by rounds of as many partitions as there are slots,
    // the last one perhaps with fewer.
    private double Share(StagePlan stage)
    {
        if (!tallies.TryGetValue(stage.Index, out var tally) || tally.Total == 0)
        {
            return 0;
        }

        var bytes = running.GetValueOrDefault(stage.Index).Bytes;
        var each = tally.BytesTotal / (double)tally.Total;
        var begun = each > 0 ? Math.Min(MostRead * tally.Running, bytes / each) : 0;
        var rounds = Math.Ceiling(tally.Total / (double)slots);
        var done = tally.Total - tally.Committed > slots ? Math.Min((tally.Committed + begun) / slots, rounds - 1)
            : rounds - 1 + (begun / Math.Max(1, tally.Running));
        var fluid = tally.BytesTotal > 0 ? Math.Min(1, (tally.BytesDone + (begun * each)) / tally.BytesTotal)
            : tally.Committed / (double)tally.Total;
        return ((done / rounds) + fluid) / 2;
    }

    // Seconds of a whole stage by the figures.
    private double Wall(StagePlan stage)
    {
        var tasks = Tasks(stage);
        var isFile = stage.Inputs.Any(input => input.Dataset is not null);
        var sent = stage.Inputs.Where(input => input.Mode == InputMode.Target)
            .Sum(input => tallies.GetValueOrDefault(input.Stage ?? -1)?.Total ?? 0);
        var seconds = (tasks * (TaskSeconds + (sent * OpenSeconds))) + (RowsIn(stage) * (isFile ? FileRow : StageRow))
            + (rowsOut[stage.Index]
                * (isFile ? FileRowWritten : StageRowWritten + (stage.Columns.Count * StageValueWritten)));
        return seconds * (stage.Name == Ranges ? RangesFactor : 1) * Math.Ceiling(tasks / (double)slots) / tasks;
    }

    // How many tasks share the targets of an exchange is known when it is whole; if they are worth sharing, they keep all slots
    // busy.
    private int Tasks(StagePlan stage)
    {
        var known = tallies.GetValueOrDefault(stage.Index)?.Total ?? 0;
        return known > 0 ? known
            : stage.Inputs.Any(input => input.Mode == InputMode.Target) && RowsIn(stage) > RowsWorthSharing ? slots
            : Math.Max(1, stages.GetValueOrDefault(stage.Index)?.Partitions ?? 1);
    }

    private double RowsIn(StagePlan stage) =>
        tallies.GetValueOrDefault(stage.Index) is { Committed: > 0 } tally
        ? (double)tally.RowsIn * tally.Total / tally.Committed
        : stage.Inputs.Sum(input => input.Dataset is { } dataset ? plan.Datasets[dataset].EstimatedRows
            : input.Stage is { } upstream ? rowsOut[upstream] : 0);

    private double RowsOut(StagePlan stage)
    {
        if (tallies.GetValueOrDefault(stage.Index) is { Committed: > 0 } tally)
        {
            return (double)tally.RowsOut * tally.Total / tally.Committed;
        }

        var rows = RowsIn(stage);
        return stage.Name is "sample" or "borders" or "count" ? 0
            : stage.Inputs.Select(input => input.Stage).FirstOrDefault(index =>
                index is { } known && plan.Stages[known].Name == "partial") is { } partial ? Math.Min(rows, Groups(partial))
            : Has(stage, "GROUP BY") ? rows * GroupsOfRows
            : Has(stage, " LIMIT ") || Has(stage, " OVER ") ? rows * SomeOfRows : rows;
    }

    private static bool Has(StagePlan stage, string words) => stage.Query.Contains(words, StringComparison.Ordinal);

    // A task that draws n rows of D groups finds D (1 - exp(-n / D)) of them, if they are spread evenly; this is that D.
    private double Groups(int partial)
    {
        if (tallies.GetValueOrDefault(partial) is not { Committed: > 0 } tally || tally.RowsOut >= 0.99 * tally.RowsIn)
        {
            return double.MaxValue;
        }

        var (drawn, found) = (tally.RowsIn / (double)tally.Committed, tally.RowsOut / (double)tally.Committed);
        double low = found, high = 100 * drawn;
        for (var step = 0; step < 40; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = middle * (1 - Math.Exp(-drawn / middle)) < found ? (middle, high) : (low, middle);
        }

        return high;
    }
}
