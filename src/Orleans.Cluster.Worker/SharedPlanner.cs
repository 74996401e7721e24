using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>
/// One process that has many questions at a time. Those that are lost with it are asked again, each alone. Callers take turns.
/// </summary>
internal sealed class SharedPlanner(PlannerSeat seat, PlannerLane alone, TimeSpan grace, TimeProvider clock) : IAsyncDisposable
{
    // They wait for disks more than for processors. A caller that asks for more of them waits by itself.
    private const int Questions = 64;
    private const int QuestionsPerCaller = 16;
    private readonly CallerTurns turns = new(Questions, QuestionsPerCaller);
    private int underWay;

    public async Task<T> Ask<T>(
        Func<IExecutor, CancellationToken, Task<EngineAnswer<T>>> question, PlannerBound bound,
        CancellationToken cancellationToken)
    {
        using var turn = await turns.Enter(AskedBy.Current, cancellationToken);
        var planner = await seat.Get(cancellationToken);
        Interlocked.Increment(ref underWay);
        try
        {
            var answer = await PlannerQuestion.Ask(
                planner, question, bound, call => Leave(planner, call, bound), cancellationToken);
            if (answer is not null)
            {
                return answer.Get();
            }
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }

        return await alone.Ask(question, bound, cancellationToken);
    }

    public async Task Warm(CancellationToken cancellationToken) => await seat.Get(cancellationToken);

    public ValueTask DisposeAsync() => seat.DisposeAsync();

    // While others have questions there it may go on to its bound, as if its caller had stayed. With none, nobody misses the
    // process.
    private async Task Leave(Planner planner, Task call, PlannerBound bound)
    {
        var begun = clock.GetTimestamp();
        do
        {
            await Task.WhenAny(call, Task.Delay(grace, clock));
        }
        while (!call.IsCompleted && Volatile.Read(ref underWay) > 1 && clock.GetElapsedTime(begun) < bound.Limit);
        await PlannerQuestion.EndUnlessDone(planner, call, TimeSpan.Zero, clock);
    }
}
