using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>One process that has many questions at a time. Those that are lost with it are asked again, each alone. Callers take turns.</summary>
internal sealed class SharedPlanner(PlannerSeat seat, PlannerLane alone) : IAsyncDisposable
{
    // They wait for disks more than for processors. A caller that asks for more of them waits by itself.
    private const int Questions = 64;
    private const int QuestionsPerCaller = 16;
    private readonly CallerTurns turns = new(Questions, QuestionsPerCaller);

    public async Task<T> Ask<T>(
        Func<IExecutor, CancellationToken, Task<EngineAnswer<T>>> question, PlannerBound bound, CancellationToken cancellationToken)
    {
        using var turn = await turns.Enter(AskedBy.Current, cancellationToken);
        var planner = await seat.Get(cancellationToken);
        var answer = await PlannerQuestion.Ask(planner, question, bound, call => Leave(planner, call, bound), cancellationToken);
        return answer is null ? await alone.Ask(question, bound, cancellationToken) : answer.Get();
    }

    public async Task Warm(CancellationToken cancellationToken) => await seat.Get(cancellationToken);

    public ValueTask DisposeAsync() => seat.DisposeAsync();

    // Others have questions there: it may go on to its bound, as if its caller had stayed.
    private static void Leave(Planner planner, Task call, PlannerBound bound) =>
        _ = PlannerQuestion.EndUnlessDone(planner, call, bound.Limit, TimeProvider.System);
}
