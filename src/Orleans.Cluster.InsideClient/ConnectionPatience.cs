using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Orleans.Cluster.InsideClient;

/// <summary>
/// A service and its cluster may be started together, in any order: the first connection is tried for as long as a call would be.
/// </summary>
internal sealed class ConnectionPatience(IOptions<InsideClientOptions> options) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly long begun = TimeProvider.System.GetTimestamp();

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (TimeProvider.System.GetElapsedTime(begun) >= options.Value.Patience)
        {
            return false;
        }

        await Task.Delay(Pause, cancellationToken);
        return true;
    }
}
