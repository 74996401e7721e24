using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>
/// Requests with so much in them that reading and checking it keeps a processor busy: one of a caller at a time, so that
/// whoever sends many leaves the others theirs.
/// </summary>
internal sealed class LargeBodies
{
    /// <summary>A body of more bytes is large: a job's specification has some hundreds, with long lists some thousands.</summary>
    public const int Bytes = 64 * 1024;

    private const int AtOnce = 64;
    private const int HeldByCaller = 32;

    private readonly CallerTurns turns = new(AtOnce, placesPerCaller: 1);
    private readonly CallerShare held = new(HeldByCaller);

    /// <summary>Counts a body that has turned out to be large against its caller, until the answer has been sent.</summary>
    /// <exception cref="ClusterException"><c>rate-limited</c>: the caller has too many of them here.</exception>
    public void Hold(HttpContext context) => context.Response.RegisterForDispose(
        held.TryTake(AskedBy.Current) ?? throw new ClusterException(
            Contracts.ProblemCode.RateLimited,
            $"{HeldByCaller} requests of this caller with bodies of more than {Bytes} bytes are being answered, "
            + "and a caller may have so many at a time.",
            "Wait for an answer before you send the next."));

    /// <summary>Waits for the caller's turn, which lasts until the answer has been sent.</summary>
    public async Task WaitForTurn(HttpContext context, CancellationToken cancellationToken) =>
        context.Response.RegisterForDispose(await turns.Enter(AskedBy.Current, cancellationToken));
}
