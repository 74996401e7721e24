using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Runtime;

namespace Orleans.Cluster.InsideClient;

/// <summary>Grain calls whose every bad end is one of the client's two exceptions.</summary>
internal sealed class InsideCalls(ClusterAddress address, TimeSpan patience, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Calls, and calls again after failures in passing: a silo that was killed, a gateway that is busy. Twice must be once.
    /// </summary>
    public async Task<T> Repeat<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var begun = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return await Once(call, cancellationToken);
            }
            catch (Exception exception) when (IsPassing(exception) && clock.GetElapsedTime(begun) < patience)
            {
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    /// <summary>Calls once.</summary>
    public async Task<T> Once<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not ClusterException && IsPassing(exception))
        {
            throw Unreachable(exception);
        }
    }

    /// <summary>No answer, because of this.</summary>
    public ClusterUnreachableException Unreachable(Exception exception) =>
        new(new Uri($"orleans:{Uri.EscapeDataString(address.ClusterId)}"), exception);

    /// <summary>
    /// Whether the same call may work later. A refusal is always a <see cref="ClusterException"/>, so what Orleans itself throws
    /// is about the way to the cluster: no silo, none that has the grain, a connection that broke, an answer that did not come.
    /// </summary>
    public static bool IsPassing(Exception exception) =>
        exception is ClusterUnreachableException or OrleansException or TimeoutException
        or ClusterException { Code.HttpStatus: 429 or 503 };
}
