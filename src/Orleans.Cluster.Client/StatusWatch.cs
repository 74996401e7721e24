using System.Runtime.CompilerServices;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Client;

/// <summary>A job's status documents one after the other, however they are asked for.</summary>
internal static class StatusWatch
{
    /// <summary>A gateway that answers each poll at once must not be asked in a tight loop.</summary>
    private static readonly TimeSpan PollPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan OutagePause = TimeSpan.FromSeconds(1);

    /// <summary>The document now and after each change, ending with the terminal one.</summary>
    /// <param name="poll">
    /// The next document after the one that is known, or null (or the known one again) when nothing has changed in time.
    /// </param>
    /// <param name="outageTolerance">An outage that is not longer is waited out.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Ends the watch; the job goes on.</param>
    public static async IAsyncEnumerable<JobStatus> Follow(
        Func<JobStatus?, CancellationToken, Task<JobStatus?>> poll, TimeSpan outageTolerance, TimeProvider clock,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = (JobStatus?)null;
        while (last?.Phase.IsTerminal() != true)
        {
            if (last is not null)
            {
                await Task.Delay(PollPause, clock, cancellationToken);
            }

            if (await PollThroughOutagesAsync(last) is { } status && status.Revision != last?.Revision)
            {
                last = status;
                yield return status;
            }
        }

        async Task<JobStatus?> PollThroughOutagesAsync(JobStatus? known)
        {
            var begun = clock.GetTimestamp();
            while (true)
            {
                try
                {
                    return await poll(known, cancellationToken);
                }
                catch (Exception exception) when (IsOutage(exception) && clock.GetElapsedTime(begun) < outageTolerance)
                {
                    await Task.Delay(OutagePause, clock, cancellationToken);
                }
            }
        }
    }

    /// <summary>The terminal document of a watch.</summary>
    public static async Task<JobStatus> LastOf(IAsyncEnumerable<JobStatus> watch)
    {
        var last = (JobStatus?)null;
        await foreach (var status in watch)
        {
            last = status;
        }

        return last ?? throw new System.Diagnostics.UnreachableException("A watch ends with a terminal status.");
    }

    private static bool IsOutage(Exception exception) =>
        exception is ClusterUnreachableException or ClusterException { Code.HttpStatus: 503 };
}
