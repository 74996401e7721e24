using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>
/// Calls that outlive the loss of the silo that hosts the grain. While a dead silo is not yet declared dead, calls to its grains
/// fail; a few seconds later the grain answers from another silo. Only for calls that may be made twice.
/// </summary>
internal static class GrainCalls
{
    /// <summary>Longer than it takes to declare a killed silo dead, shorter than clients wait.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static async Task<T> Call<T>(Func<Task<T>> call, TimeProvider clock, CancellationToken cancellationToken)
    {
        var until = clock.GetUtcNow() + Patience;
        while (true)
        {
            try
            {
                return await call().WaitAsync(cancellationToken);
            }
            catch (Exception exception) when (IsPassing(exception) && clock.GetUtcNow() < until)
            {
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    /// <summary>What a grain says; something else when it does not answer in time or cannot be reached.</summary>
    public static async Task<T> OrElse<T>(
        Func<Task<T>> call, TimeSpan patience, Func<T> otherwise, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            return await call().WaitAsync(patience, clock, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return otherwise();
        }
    }

    private static bool IsPassing(Exception exception) =>
        exception is SiloUnavailableException or OrleansMessageRejectionException or GrainExtensionNotInstalledException
            or ClientNotAvailableException or TimeoutException;
}
