using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// When a job is looked at although nobody says that something changed, and when it sleeps until the queue wakes it.
/// </summary>
public sealed class LookRhythm
{
    /// <summary>How often a job that does not sleep asks whether a look is due.</summary>
    public static readonly TimeSpan TickPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Between two looks.</summary>
    public static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(3);

    /// <summary>The same while no attempt runs, whose end could be missed.</summary>
    public static readonly TimeSpan IdleLookPeriod = TimeSpan.FromSeconds(30);

    // Many short partitions end at once; one look serves all that ended meanwhile.
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private const int PauseFactor = 4;

    // With so many waiting for each that runs, the end of one decides nothing.
    private const int ManyForEach = 8;
    private static readonly TimeSpan PauseOfMany = TimeSpan.FromMilliseconds(80);

    private DateTimeOffset nextLook;
    private bool hasMany;

    /// <summary>A look begins.</summary>
    public void Begin(DateTimeOffset now) => nextLook = now + LookPeriod;

    /// <summary>A look has ended.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="phase">Of the job, as it is now.</param>
    /// <param name="running">Attempts that run.</param>
    /// <param name="waiting">Partitions that wait.</param>
    public void End(DateTimeOffset now, JobPhase phase, int running, int waiting)
    {
        nextLook = now + (phase == JobPhase.Running && running == 0 ? IdleLookPeriod : LookPeriod);
        hasMany = waiting > ManyForEach * Math.Max(1, running);
    }

    /// <summary>Whether it is time for one: always while the row is not known, and when it has ended.</summary>
    /// <param name="state">What is known of the job; null for nothing.</param>
    /// <param name="now">The clock.</param>
    /// <param name="hasReadings">Whether workers report what they run for it.</param>
    public bool IsDue(JobState? state, DateTimeOffset now, bool hasReadings) =>
        state is null || state.Phase.IsTerminal() || now >= nextLook || now >= state.DeadlineAt || hasReadings;

    /// <summary>
    /// The pause before a look at a job of a phase: a longer one while many partitions wait, which end many times a second.
    /// </summary>
    /// <param name="took">How long the look right before it took; null when there was none.</param>
    /// <param name="phase">The phase that is known; null for none.</param>
    public TimeSpan Pause(TimeSpan? took, JobPhase? phase)
    {
        var pause = Pause(took);
        return hasMany && phase == JobPhase.Running && pause < PauseOfMany ? PauseOfMany : pause;
    }

    /// <summary>
    /// The pause between two looks of which the second was asked for during the first. Of a job with very many partitions a look
    /// counts them all: it takes a fifth of the time at most.
    /// </summary>
    /// <param name="took">How long the look before took; null when there was none.</param>
    public static TimeSpan Pause(TimeSpan? took)
    {
        if (took is not { } look)
        {
            return TimeSpan.Zero;
        }

        var pause = (look - LeastPause) * PauseFactor;
        return pause < LeastPause ? LeastPause : pause < LongestPause ? pause : LongestPause;
    }

    /// <summary>
    /// Whether a job only waits: for others, or for a first slot. The queue wakes it, see <see cref="Queueing.WakeList"/>; of
    /// thousands none ticks, and none keeps its plan in memory.
    /// </summary>
    public static bool OnlyWaits(JobState state, JobSpec spec, JobFacts facts)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(facts);
        return state.Phase == JobPhase.Queued && facts.Failed.Count == 0
            && (state.Stages.Count == 0
                ? spec.DependsOn.Count > 0
                : facts.RunningAttempts == 0 && facts.Tallies.Any(tally => tally.Waiting > 0));
    }
}
