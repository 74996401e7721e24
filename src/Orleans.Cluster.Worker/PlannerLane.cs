using System.Collections.Concurrent;
using System.Threading.Channels;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Processes that have one question each at a time. Whoever finds none free waits for a turn; see <see cref="CallerTurns"/>.
/// </summary>
internal sealed class PlannerLane : IAsyncDisposable
{
    /// <summary>A question is asked so often again while processes are ended from outside, which is not its fault.</summary>
    private const int MaxInterruptions = 4;

    private readonly IReadOnlyList<PlannerSeat> seats;
    private readonly Channel<PlannerSeat> free = Channel.CreateUnbounded<PlannerSeat>();
    private readonly ConcurrentDictionary<object, long> asked = new(ReferenceEqualityComparer.Instance);
    private readonly CallerTurns turns;
    private readonly TimeSpan grace;
    private readonly TimeProvider clock;
    private long answeredAt;

    /// <param name="seats">The processes' places.</param>
    /// <param name="grace">How long a process may go on with a question whose caller has left.</param>
    /// <param name="clock">For waits.</param>
    public PlannerLane(IReadOnlyList<PlannerSeat> seats, TimeSpan grace, TimeProvider clock)
    {
        this.seats = seats;
        this.grace = grace;
        this.clock = clock;
        // One place is left to the others, if there are two.
        turns = new CallerTurns(seats.Count, seats.Count - 1);
        answeredAt = clock.GetTimestamp();
        foreach (var seat in seats)
        {
            free.Writer.TryWrite(seat);
        }
    }

    /// <summary>Asks one question of a process that does nothing else.</summary>
    public async Task<T> Ask<T>(
        Func<IExecutor, CancellationToken, Task<EngineAnswer<T>>> question, PlannerBound bound,
        CancellationToken cancellationToken)
    {
        var waiting = new object();
        asked[waiting] = clock.GetTimestamp();
        try
        {
            var turn = await turns.Enter(AskedBy.Current, cancellationToken);
            // There are as many as turns.
            var seat = await free.Reader.ReadAsync(CancellationToken.None);
            var answer = await AskThere(seat, turn, question, bound, cancellationToken);
            Volatile.Write(ref answeredAt, clock.GetTimestamp());
            return answer.Get();
        }
        finally
        {
            asked.TryRemove(waiting, out _);
        }
    }

    /// <summary>How long some question has waited with no other answered meanwhile; null when none waits.</summary>
    public TimeSpan? LongestWait()
    {
        var answered = Volatile.Read(ref answeredAt);
        var since = asked.Values.Select(at => Math.Max(at, answered)).DefaultIfEmpty(-1).Min();
        return since < 0 ? null : clock.GetElapsedTime(since);
    }

    public async Task Warm(CancellationToken cancellationToken) => await seats[0].Get(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var seat in seats)
        {
            await seat.DisposeAsync();
        }
    }

    private async Task<EngineAnswer<T>> AskThere<T>(
        PlannerSeat seat, IDisposable turn, Func<IExecutor, CancellationToken, Task<EngineAnswer<T>>> question,
        PlannerBound bound,
        CancellationToken cancellationToken)
    {
        try
        {
            for (var interruptions = 0; ; interruptions++)
            {
                var planner = await seat.Get(cancellationToken);
                if (await PlannerQuestion.Ask(planner, question, bound,
                    call => PlannerQuestion.EndUnlessDone(planner, call, grace, clock), cancellationToken) is { } answer)
                {
                    return answer;
                }

                var epitaph = await planner.Epitaph();
                if (!planner.EndedFromOutside)
                {
                    throw bound.Crashed(epitaph);
                }

                if (interruptions == MaxInterruptions)
                {
                    throw bound.Interrupted(epitaph);
                }
            }
        }
        finally
        {
            free.Writer.TryWrite(seat);
            turn.Dispose();
        }
    }
}
